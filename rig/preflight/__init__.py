"""The pre-flight check: within two minutes, whether the night will work."""

from rig.preflight.finding import Finding, Grade, drawn, summary, table
from rig.preflight.run import preflight

__all__ = ["Finding", "Grade", "drawn", "preflight", "summary", "table"]

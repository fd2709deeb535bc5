"""``rig selftest``: what rig relies on, tried on the machine at hand, in a minute.

rig is developed on Linux. What differs elsewhere (files, processes, sleep, keys, devices) is tried
here one by one, by users of other systems, and told in a form that can be pasted into an issue.
"""

from rig.selftest.row import Row, paste
from rig.selftest.run import selftest

__all__ = ["Row", "paste", "selftest"]

"""What every driver must do, as pytest suites that a driver's own package can run too.

A driver's tests subclass a suite and hand it a driver; `docs/drivers.md` shows how. This package
is the only part of rig that needs pytest.
"""

from rig.contracts.amps import AmpContract
from rig.contracts.interfaces import InterfaceContract

__all__ = ["AmpContract", "InterfaceContract"]

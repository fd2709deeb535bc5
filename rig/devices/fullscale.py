"""Nothing over full scale leaves an interface: a converter would clip it, a virtual one hide it."""

import numpy as np

from calibration import levels
from rig.capture import Frames
from rig.errors import DeviceError

#: float32 has seven digits: a sample at full scale may round to a little more.
ROUNDING = 1e-6


def refuse_over_full_scale(send: Frames) -> None:
    """Refuse to play what no converter can.

    Raises:
        DeviceError: A sample is over full scale, or is no number.
    """
    peak = float(np.max(np.abs(send), initial=0.0))
    # Written so that what is no number is refused too.
    if not peak <= 1.0 + ROUNDING:
        over = f"{levels.dbfs(peak):+.1f} dBFS" if np.isfinite(peak) else "no number"
        raise DeviceError(
            f"what was to be played was not: its loudest sample is {over}, over full scale; lower "
            "signal.peak_dbfs"
        )

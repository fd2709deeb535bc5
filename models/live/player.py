"""A model in a player's hands: blocks in, blocks out, knobs that follow at a bounded speed."""

from typing import Any

import numpy as np

from models.live.lstm import LiveLSTM
from models.live.section import Floats, KnobSection
from models.live.wavenet import LiveWaveNet

#: Frames for a knob's whole travel, at the least: 20 ms at 48 kHz. A controller that is torn, or
#: one that sends in coarse steps, is followed no faster.
GLIDE_FRAMES = 960
#: What is quieter is nothing: -400 dBFS. Such numbers are slow to compute with.
NOTHING = np.float32(1e-20)


# It holds the target and the engine takes its steps: a controller may send as often as it likes.
class LiveModel:
    """A model with knobs, played block by block.

    Args:
        section: The model as `models.nam.embedded` writes it.

    Raises:
        ValueError: The section is none that this version knows.
    """

    def __init__(self, section: dict[str, Any]) -> None:
        read = KnobSection.read(section)
        #: Blocks are whole numbers of so many frames.
        self.every = int(section["ramp_frames"])
        self._model: LiveWaveNet | LiveLSTM = (
            LiveLSTM(read, self.every)
            if section["architecture"] == "lstm"
            else LiveWaveNet(read, self.every)
        )
        self._switches = np.array(read.switches)
        self._wanted = np.full(read.knobs, 0.5, np.float32)
        self._stands: Floats | None = None

    def turn(self, point: Floats) -> None:
        """Have the knobs go to a point in [0, 1]; before the first block they are there at once."""
        self._wanted = np.clip(np.asarray(point, np.float32), 0.0, 1.0)

    def play(self, audio: Floats) -> Floats:
        """Play ``(frames,)``, a whole number of `every`."""
        points = self.path(len(audio) // self.every)
        audio = np.where(np.abs(audio) < NOTHING, np.float32(0.0), audio)
        return self._model.play(audio, points)

    def path(self, ramps: int) -> Floats:
        """Return where the knobs go in the next ramps, ``(ramps + 1, knobs)``."""
        # Read once: another thread may turn the knobs meanwhile.
        wanted = self._wanted
        stands = wanted if self._stands is None else self._stands
        points = [stands]
        # Between two positions of a switch there is nothing to go through slowly.
        step = np.where(self._switches, 1.0, self.every / GLIDE_FRAMES).astype(np.float32)
        for _ in range(ramps):
            stands = stands + np.clip(wanted - stands, -step, step)
            points.append(stands)
        self._stands = stands
        return np.stack(points)

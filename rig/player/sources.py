"""What can be played: a model of the guitar that comes in, or tracks that run in a loop."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.live.player import LiveModel
from rig.capture import Frames

#: From one track to another, and from the model to the guitar itself: 10 ms at 48 kHz.
FADE_FRAMES = 480


class Source(Protocol):
    """Something that plays a block for each block that comes in."""

    every: int

    def play(self, heard: Frames) -> Frames:
        """Return as many frames as came in, a whole number of `every`."""


class Fader:
    """A number that goes to where it is wanted on a line, frame by frame."""

    def __init__(self, value: float) -> None:
        self._stands = self.wanted = value

    def __call__(self, frames: int) -> Frames:
        """Return its next values, ``(frames,)``."""
        wanted, stands = self.wanted, self._stands
        steps = np.arange(1, frames + 1, dtype=np.float32) / FADE_FRAMES
        way = np.clip(wanted - stands, -steps, steps)
        self._stands = float(stands + way[-1]) if frames else stands
        line: Frames = (stands + way).astype(np.float32)
        return line


# Bypass fades: between a guitar and an amp a hard cut is a click of its own.
class ModelSource:
    """A model with its knobs; bypassed, the guitar as it comes in.

    Args:
        section: The model, as a ``.nam`` file has it beneath.
    """

    def __init__(self, section: dict[str, Any]) -> None:
        self.model = LiveModel(section)
        self.every = self.model.every
        self._dry = Fader(0.0)

    def bypass(self, bypassed: bool) -> None:
        """Play the guitar itself, or the model again."""
        self._dry.wanted = float(bypassed)

    def play(self, heard: Frames) -> Frames:
        """Play the next block; see `Source`."""
        # The model goes on while it is bypassed: it has to know the past when it is heard again.
        played, dry = self.model.play(heard), self._dry(len(heard))
        return played + dry * (heard - played)


# All tracks run, and one is heard: so the place in the music stays when another is chosen.
class TrackSource:
    """Tracks of one length in a loop, of which one is heard; from one to the other without a gap.

    Args:
        tracks: ``(tracks, frames)``.
    """

    every = 64

    def __init__(self, tracks: NDArray[np.float32]) -> None:
        self._tracks = tracks
        self._at = 0
        self._heard = [Fader(float(track == 0)) for track in range(len(tracks))]

    def choose(self, chosen: int) -> None:
        """Go over to a track."""
        for track, fader in enumerate(self._heard):
            fader.wanted = float(track == chosen)

    def exchange(self, tracks: NDArray[np.float32]) -> None:
        """Play other tracks, from their beginning."""
        self._tracks, self._at = tracks, 0

    def play(self, heard: Frames) -> Frames:
        """See `Source`; what comes in is not listened to."""
        frames, tracks = len(heard), self._tracks
        places = (self._at + np.arange(frames)) % tracks.shape[1]
        self._at = int(places[-1] + 1)
        faded = np.stack([fader(frames) for fader in self._heard])
        played: Frames = (faded * tracks[:, places]).sum(0)
        return played

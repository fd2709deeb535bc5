"""Parts one behind the other: those that bend the signal play at an oversampled rate."""

from collections.abc import Sequence

import numpy as np

from rig.devices.virtual.circuit import BLOCK_FRAMES, Audio, Oversampler, Part


def _through(parts: Sequence[Part], audio: Audio) -> Audio:
    for part in parts:
        audio = part(audio)
    return audio


class Chain:
    """An amp that is switched on; its state carries over from one call to the next.

    Args:
        oversampling: By how many times the rate is raised for ``bending``.
        bending: What clips, built for the raised rate.
        output: Gain behind everything.
        front: What plays before the rate is raised.
        back: What plays after it was lowered again.

    Attributes:
        delay_frames: The delay of the oversampling filters, as a converter has one.
    """

    def __init__(
        self,
        oversampling: int,
        bending: Sequence[Part],
        output: float,
        front: Sequence[Part] = (),
        back: Sequence[Part] = (),
    ) -> None:
        self._oversampler = Oversampler(oversampling)
        self._front, self._bending, self._back = front, bending, back
        self._output = output
        self.delay_frames = self._oversampler.delay_frames

    def __call__(self, audio: Audio) -> Audio:
        """Play ``(frames,)`` block after block."""
        starts = range(0, len(audio), BLOCK_FRAMES)
        blocks = [self._block(audio[start : start + BLOCK_FRAMES]) for start in starts]
        return np.concatenate(blocks) if blocks else np.zeros(0)

    def _block(self, audio: Audio) -> Audio:
        raised = self._oversampler.up(_through(self._front, audio))
        played = self._oversampler.down(_through(self._bending, raised))
        return np.asarray(self._output * _through(self._back, played))

"""An LSTM played live: its state goes on, and what knobs move goes on straight lines."""

import numpy as np

from models.live.section import Floats, KnobSection, along

#: Below this a state is silence. Left to fade, it would end in numbers that processors are slow at.
FADED = np.float32(1e-15)


# A frame at a time, as there is no other way: each needs what the one before has left.
class LSTMLayer:
    """One layer with its state; the gates in the order input, forget, output, candidate."""

    def __init__(self, into: Floats, back: Floats, bias: Floats) -> None:
        units = back.shape[1]
        order = np.r_[0 : 2 * units, 3 * units : 4 * units, 2 * units : 3 * units]
        # A logistic function is half a tanh of half its argument: one call serves all four gates.
        half = np.r_[np.full(3 * units, 0.5), np.ones(units)].astype(np.float32)[:, None]
        self._into = np.ascontiguousarray((into[order] * half).T)
        self._back = np.ascontiguousarray(back[order] * half)
        self._bias = bias[order] * half[:, 0]
        self._units = units
        self._hidden, self._memory = np.zeros(units, np.float32), np.zeros(units, np.float32)

    def __call__(self, read: Floats) -> Floats:
        """Play ``(frames, inputs)``, and return what is handed on, ``(frames, units)``."""
        units, driven = self._units, read @ self._into + self._bias
        played, half = np.empty((len(read), units), np.float32), np.float32(0.5)
        hidden, memory = self._hidden, self._memory
        # Made once: at so few numbers each new array costs as much as the product.
        gates, candidate = np.empty(4 * units, np.float32), np.empty(units, np.float32)
        opened = gates[: 3 * units]
        for frame, now in enumerate(driven):
            np.dot(self._back, hidden, out=gates)
            gates += now
            np.tanh(gates, out=gates)
            opened += 1.0
            opened *= half
            memory *= gates[units : 2 * units]
            np.multiply(gates[:units], gates[3 * units :], out=candidate)
            memory += candidate
            hidden = np.tanh(memory, out=played[frame])
            hidden *= gates[2 * units : 3 * units]
        self._hidden = hidden.copy()
        memory[np.abs(memory) < FADED] = 0.0
        return played


class LiveLSTM:
    """A knob-conditioned LSTM that goes on from block to block.

    Args:
        section: The model.
        every: Frames between two readings of the knobs.
    """

    def __init__(self, section: KnobSection, every: int) -> None:
        self._section, self._every = section, every
        self._layers: list[LSTMLayer] = []
        self._settled = False

    def play(self, audio: Floats, points: Floats) -> Floats:
        """Play a whole number of ramps while knobs go from point to point; see `LiveWaveNet`."""
        if not self._settled:
            self._settle(points[:1])
        return self._play(audio, points)

    def _settle(self, points: Floats) -> None:
        """Let the state settle over silence, as everywhere else before the first frame."""
        t = self._section.tensors
        count = sum(name.endswith(".hidden") for name in t)
        self._layers = [
            LSTMLayer(*(t[f"layers.{i}.{part}"] for part in ("input", "hidden", "bias")))
            for i in range(count)
        ]
        self._settled = True
        frames = int(self._section.told["history_frames"])
        self._play(np.zeros(frames, np.float32), np.repeat(points, frames // self._every + 1, 0))

    def _play(self, audio: Floats, points: Floats) -> Floats:
        told, t = self._section.conditioning(points), self._section.tensors
        rows = np.concatenate([told.drive[None], told.level[None], told.features.T])
        lines = along(rows, self._every)
        read = np.concatenate([(audio * lines[0])[:, None], lines[2:].T], 1)
        for layer in self._layers:
            read = layer(read)
        played: Floats = (read @ t["head.weight"] + t["head.bias"]) * lines[1]
        return played

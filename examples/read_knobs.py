"""Play the knob-conditioned model in a .nam file, with numpy alone: the reference reader.

    python examples/read_knobs.py amp.nam gain=6 tone=3 < dry.f32 > wet.f32

docs/knob-file.md specifies what is read here. It is written to be followed, not to be fast.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class KnobModel:
    """The section "rig" of a .nam file."""

    def __init__(self, path: Path) -> None:
        section = json.loads(path.read_text(encoding="utf-8"))["rig"]
        if (section["format"], section["version"]) != ("rig-knobs", 1):
            raise ValueError("not a section that this reader knows")
        self.section: dict[str, Any] = section
        self.tensors: dict[str, Array] = {
            name: np.frombuffer(base64.b64decode(told["data"]), "<f4")
            .reshape(told["shape"])
            .astype(float)
            for name, told in section["tensors"].items()
        }

    def unit(self, setting: dict[str, Any]) -> list[float]:
        """Knobs as numbers from 0 to 1, in order; what is not named stands at its default."""
        found = []
        for knob in self.section["knobs"]:
            value = setting.get(knob["name"], knob["default"])
            if "labels" in knob:
                found.append(knob["labels"].index(value) / max(len(knob["labels"]) - 1, 1))
            else:
                span = knob["high"] - knob["low"]
                found.append((float(value) - knob["low"]) / span if span else 0.0)
        return found

    def inputs(self, unit: Array, turned: Array) -> Array:
        """What the encoder reads: a number for each knob, -1 or 1 for each switch position."""
        columns: list[float] = []
        for knob, at, value in zip(self.section["knobs"], unit, turned, strict=True):
            if "labels" in knob:
                count = len(knob["labels"])
                chosen = round(at * (count - 1))
                columns += [1.0 if place == chosen else -1.0 for place in range(count)]
            else:
                columns.append(float(value))
        return np.array(columns)

    def encode(self, unit: Array) -> Array:
        """The conditioning numbers: log drive, log level, then the latents."""
        t, turned = self.tensors, 2 * unit - 1
        taper = t["encoder.taper"][:, 0]
        bent = turned + (1 - turned**2) * (taper[0] + taper[1] * turned)
        read = self.inputs(unit, bent)
        hidden = read @ t["encoder.first"] + t["encoder.first_bias"][0]
        # Units that hear a pot's very beginning are far below zero elsewhere, beyond exponentials.
        hidden = hidden / (1 + np.exp(np.minimum(-hidden, 80)))
        straight, bent = read @ t["encoder.direct"], hidden @ t["encoder.second"]
        return np.asarray(t["encoder.constant"][0] + straight + bent)

    def play(self, audio: Array, setting: dict[str, Any]) -> Array:
        """Play ``(frames,)`` from silence at one setting."""
        unit, history = np.array(self.unit(setting)), self.section["history_frames"]
        padded = np.concatenate([np.zeros(history), audio])
        played = {"wavenet": self.wavenet, "lstm": self.lstm}[self.section["architecture"]](
            padded, unit
        )
        # The frame before the first has heard nothing but silence: its output is the pedestal.
        if self.section["architecture"] == "wavenet" and self.section["silent"]:
            played = played - played[history - 1]
        return np.asarray(played[history:])

    def wavenet(self, audio: Array, unit: Array) -> Array:
        """Play through the layer arrays: knobs scale and shift channels, drive and level."""
        t, told = self.tensors, self.encode(unit)
        drive, level = np.exp(told[:2])
        terms = told[2:] @ t["mixture"]
        frames, head = audio[None], np.zeros((1, 1))
        for index, shape in enumerate(self.section["arrays"]):
            own = {name[9:]: v for name, v in t.items() if name.startswith(f"arrays.{index}.")}
            size = len(shape["dilations"]) * shape["channels"]
            scale, shift = terms[: 2 * size].reshape(2, -1, shape["channels"], 1)
            scale, terms = np.exp(0.5 * scale), terms[2 * size :]
            frames = own["rechannel"] @ frames * (drive if index == 0 else 1.0)
            total, first = head + 0.0, 0
            for layer, dilation in enumerate(shape["dilations"]):
                taps = own["conv"][first : (first := first + shape["kernel_sizes"][layer])]
                argument = own["bias"][layer] * scale[layer] + shift[layer]
                argument = argument + own["input_mixin"][layer] * scale[layer] * drive * audio
                argument = argument + scale[layer] * convolved(frames, taps, dilation)
                hidden = activated(argument, shape["slope"])
                total = total + hidden
                frames = frames + own["layer1x1"][layer] @ hidden + own["layer1x1_bias"][layer]
            head = convolved(total, own["head"], 1) + own.get("head_bias", 0.0)
        played: Array = head[0] * level * t["polarity"].item() * self.section["head_scale"]
        return played

    def lstm(self, audio: Array, unit: Array) -> Array:
        """Play through the cells: knobs are inputs beside the audio, drive and level."""
        t = self.tensors
        drive, level = np.exp(self.encode(unit)[:2])
        beside = self.inputs(unit, 2 * unit - 1)
        frames = np.column_stack([audio * drive, np.tile(beside, (len(audio), 1))])
        for layer in range(sum(name.endswith(".hidden") for name in t)):
            into, back = t[f"layers.{layer}.input"], t[f"layers.{layer}.hidden"]
            driven = frames @ into.T + t[f"layers.{layer}.bias"]
            h = c = np.zeros(back.shape[1])
            outputs = []
            for frame in driven:
                i, f, g, o = np.split(frame + back @ h, 4)
                c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
                h = np.tanh(c) / (1 + np.exp(-o))
                outputs.append(h)
            frames = np.array(outputs)
        played: Array = (frames @ t["head.weight"] + t["head.bias"]) * level
        return played


def convolved(frames: Array, taps: Array, dilation: int) -> Array:
    """Sum taps ``(kernel, out, in)`` over the past, the last tap on the present frame."""
    total = np.zeros((taps.shape[1], frames.shape[1]))
    for k, tap in enumerate(taps):
        late = dilation * (len(taps) - 1 - k)
        total[:, late:] += tap @ frames[:, : frames.shape[1] - late]
    return total


def activated(argument: Array, slope: float | None) -> Array:
    """A hyperbolic tangent, or a rectifier with a slope below zero."""
    return np.tanh(argument) if slope is None else np.where(argument > 0, 1, slope) * argument


if __name__ == "__main__":
    labels = dict(word.split("=") for word in sys.argv[2:])
    dry = np.frombuffer(sys.stdin.buffer.read(), "<f4").astype(float)
    wet = KnobModel(Path(sys.argv[1])).play(dry, labels)
    sys.stdout.buffer.write(wet.astype("<f4").tobytes())

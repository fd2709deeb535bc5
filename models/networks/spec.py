"""Describe a model in a few values that are stored beside its weights, and build it from them."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor, nn

from models.networks.concat import ConcatWaveNet
from models.networks.knob_encoder import no_open_positions, with_closing_units
from models.networks.lstm import KnobLSTM
from models.networks.wavenet import SHAPES, KnobWaveNet

#: A description may come from anywhere: there are bounds to what it can make us build.
MAX_MEMBERS, MAX_KNOBS, MAX_POSITIONS = 64, 64, 256
MAX_LAYERS, MAX_UNITS = 8, 512
#: Of a safetensors file: names, shapes and our own description.
MAX_HEADER_BYTES = 1_000_000


#: What the tensors of a layer array were called before they took the names of NAM's layers.
FORMER_NAMES = {
    "taps": "conv",
    "mixer": "input_mixin",
    "mix": "layer1x1",
    "mix_bias": "layer1x1_bias",
}
#: What is read off units that hear a single pot.
POTS, OPEN_AT = "encoder.pots", "encoder.open_at"


class BadModel(ValueError):
    """Raised for a file or a description that holds no model of ours."""


@dataclass(frozen=True)
class ModelSpec:
    """A model's architecture and size, its knobs' switch positions (0: turns) and its members.

    ``shared`` says that the members share one trunk and differ in how they read the knobs,
    ``silent`` that it gives nothing for silence: models from before this was so are none.
    ``has_pots`` says that units of its encoder hear a single pot each.
    """

    architecture: str
    size: str
    positions: tuple[int, ...]
    members: int
    shared: bool = False
    silent: bool = False
    has_pots: bool = False

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a spec from a file that may come from anywhere.

        Raises:
            BadModel: It is none, or larger than any model of ours.
        """
        try:
            document: Any = json.loads(text)
            positions = tuple(int(count) for count in document["positions"])
            spec = cls(
                str(document["architecture"]),
                str(document["size"]),
                positions,
                int(document["members"]),
                bool(document.get("shared", False)),
                bool(document.get("silent", False)),
                bool(document.get("has_pots", False)),
            )
        except (ValueError, TypeError, KeyError) as error:
            raise BadModel(f"its description cannot be read: {error}") from None
        bounded = 1 <= spec.members <= MAX_MEMBERS and 1 <= len(positions) <= MAX_KNOBS
        if not bounded or not all(0 <= count <= MAX_POSITIONS for count in positions):
            raise BadModel("its description is out of bounds")
        return spec

    def build(self) -> KnobWaveNet | KnobLSTM:
        """Build a new model with random weights (from torch's generator).

        Raises:
            BadModel: There is no such architecture or size.
        """
        shape, count = SHAPES.get(self.size, ()), self.members
        if self.architecture == "concat" and shape:
            return ConcatWaveNet(shape, self.positions, count, self.silent)
        if self.architecture == "wavenet" and shape:
            return KnobWaveNet(
                shape,
                self.positions,
                count,
                self.shared,
                silent=self.silent,
                has_pots=self.has_pots,
            )
        layers, _, units = self.size.partition("x")
        known = self.architecture == "lstm" and layers.isdecimal() and units.isdecimal()
        if not known or not (1 <= int(layers) <= MAX_LAYERS and 1 <= int(units) <= MAX_UNITS):
            raise BadModel(f"there is no {self.architecture} of size {self.size}")
        return KnobLSTM(int(layers), int(units), self.positions, count, self.silent, self.has_pots)


def dump_model(model: nn.Module, spec: ModelSpec) -> bytes:
    """Return weights and spec as a safetensors file: no code in it, the same bytes every time."""
    # safetensors refuses tensors that are not contiguous.
    tensors = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
    return save(tensors, metadata={"spec": json.dumps(asdict(spec))})


def _refuse_size(spec: ModelSpec, file_bytes: int) -> None:
    """Refuse a spec that the file's own size cannot fill: a few words could ask for gigabytes."""
    # On the meta device tensors have shapes and take no memory.
    with torch.device("meta"):
        needed = sum(t.numel() * t.element_size() for t in spec.build().state_dict().values())
    if not needed <= file_bytes <= needed + MAX_HEADER_BYTES:
        raise BadModel("its weights are not of the size that its description names")


def _current(tensors: dict[str, Tensor], spec: ModelSpec) -> dict[str, Tensor]:
    """Return the tensors of a file of any age under the names and of the shapes that are now."""

    def current_name(name: str) -> str:
        """Return a tensor's present name; only those of layer arrays were ever renamed."""
        place, _, last = name.rpartition(".")
        return f"{place}.{FORMER_NAMES.get(last, last)}" if place.startswith("arrays.") else name

    found = {current_name(name): tensor for name, tensor in tensors.items()}
    if POTS in found:
        found[POTS] = with_closing_units(found[POTS], spec.positions)
        found.setdefault(OPEN_AT, no_open_positions(spec.positions))
    return found


def load_model(path: str) -> tuple[KnobWaveNet | KnobLSTM, ModelSpec]:
    """Load a model and its spec from a safetensors file.

    Raises:
        BadModel: The file is missing or holds no model of ours.
    """
    try:
        # Only the header is read: no tensor is loaded before the description is believed.
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        spec = ModelSpec.from_json(metadata.get("spec", ""))
        _refuse_size(spec, os.path.getsize(path))  # noqa: PTH202 (see below)
        model = spec.build()
        with open(path, "rb") as stream:  # noqa: PTH123 (a path or a name, as safetensors takes it)
            model.load_state_dict(_current(load(stream.read()), spec))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise BadModel(f"{path}: holds no model: {str(error).splitlines()[0]}") from None
    except BadModel as error:
        raise BadModel(f"{path}: {error}") from None
    return model.eval(), spec


def play(
    model: KnobWaveNet | KnobLSTM,
    audio: Tensor,
    knobs: Tensor,
    tell: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Play a whole recording through every member at one setting, from silence.

    Args:
        model: The model.
        audio: ``(frames,)``.
        knobs: ``(knobs,)`` in [0, 1].
        tell: Told how many frames are done, and of how many.

    Returns:
        ``(members, frames)``.
    """
    history, chunk = model.history_frames, model.chunk_frames or max(len(audio), 1)
    padded = torch.cat([audio.new_zeros(history), audio])
    everyone = knobs.expand(model.members, 1, -1)
    pieces = []
    with torch.no_grad():
        # Chunks bound the memory; each has its history in front, so where they meet is not heard.
        for start in range(0, len(audio), chunk):
            part = padded[start : start + chunk + history]
            pieces.append(model(part.expand(model.members, 1, -1), everyone)[:, 0])
            if tell is not None:
                tell(min(start + chunk, len(audio)), len(audio))
    return torch.cat(pieces, -1) if pieces else audio.new_zeros(model.members, 0)

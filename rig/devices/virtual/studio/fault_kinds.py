"""What a kind of fault is, how its parameters are drawn, and the list of all kinds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from rig.devices.virtual.studio.filters import Signal

Pair = tuple[Signal, Signal | None]
Side = Literal["return", "loopback", "both"]
Value = TypeVar("Value")


class Draw:
    """Draws parameters and remembers them by name, so that a failure can say what it was."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.parameters: dict[str, float] = {}

    def uniform(self, name: str, low: float, high: float) -> float:
        """A number, all alike likely."""
        return self._kept(name, float(self.rng.uniform(low, high)))

    def log(self, name: str, low: float, high: float) -> float:
        """A number whose logarithm is alike likely; both ends are positive."""
        return self._kept(name, float(np.exp(self.rng.uniform(np.log(low), np.log(high)))))

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number from low to high, whose logarithm is about alike likely."""
        return int(self._kept(name, round(self.log(name, low, high))))

    def sign(self, name: str) -> float:
        """Plus or minus 1."""
        return self._kept(name, float(self.rng.choice([-1.0, 1.0])))

    def place(self, name: str, frames: int, count: int = 0) -> int:
        """A frame between a tenth and nine tenths of a take where `count` frames still fit."""
        low, high = frames // 10, max(frames // 10 + 1, frames * 9 // 10 - count)
        return int(self._kept(name, int(self.rng.integers(low, high))))

    def _kept(self, name: str, value: float) -> float:
        self.parameters[name] = float(value)
        return value


@dataclass(frozen=True)
class FaultContext:
    """What a fault may know beside the take.

    Attributes:
        sample_rate: Frames per second.
        latency_frames: The truth of the present opening.
        previous: What the take before this one returned, `(frames,)`.
    """

    sample_rate: int = 48000
    latency_frames: float = 0.0
    previous: Signal | None = None


@dataclass(frozen=True)
class Take:
    """One take before it is spoilt; all signals are `(frames,)`.

    Attributes:
        send: What was played.
        returned: What came back from the amp.
        loopback: What came back through the cable, or None.
        context: What else a fault may know.
    """

    send: Signal
    returned: Signal
    loopback: Signal | None
    context: FaultContext

    @property
    def frames(self) -> int:
        """How long the take is."""
        return len(self.returned)

    @property
    def rate(self) -> int:
        """Frames per second."""
        return self.context.sample_rate

    @property
    def peak(self) -> float:
        """The largest value of the return beside its mean."""
        return float(np.max(np.abs(self.returned - np.mean(self.returned)))) + 1e-9

    @property
    def loudness(self) -> float:
        """The RMS of the return beside its mean."""
        return float(np.std(self.returned)) + 1e-9


Spoiler = Callable[[Take, Draw], Pair]
Point = Mapping[str, float]


@dataclass(frozen=True)
class Told:
    """What the amp really does instead of what it was asked.

    Attributes:
        point: Where its knobs go.
        settle_s: A settling time for this take, or None for the amp's own.
    """

    point: dict[str, float]
    settle_s: float | None = None


Teller = Callable[[Point, Point, Draw], Told]


@dataclass(frozen=True)
class FaultKind:
    """One kind of thing that spoils a take.

    Attributes:
        name: What it is called.
        physics: What happens, in one sentence.
        must_never_pass: Whether a take that has it may not be kept, however small it is.
        spoils: The change of what was recorded, or None.
        tells: The change of what the amp is told, or None.
        needs_loopback: Whether it does nothing where there is no loopback.
        spares_return: Whether the return stays as it was.
    """

    name: str
    physics: str
    must_never_pass: bool
    spoils: Spoiler | None = None
    tells: Teller | None = None
    needs_loopback: bool = False
    spares_return: bool = False


FAULT_KINDS: dict[str, FaultKind] = {}


def _register(kind: FaultKind) -> None:
    if kind.name in FAULT_KINDS:
        raise ValueError(f"There are two faults called {kind.name}.")
    FAULT_KINDS[kind.name] = kind


def _sentence(function: Callable[..., object]) -> str:
    return (function.__doc__ or "").split("\n\n")[0].strip()


def spoiler(
    *, must_never_pass: bool = False, needs_loopback: bool = False, spares_return: bool = False
) -> Callable[[Spoiler], Spoiler]:
    """Register a function as a fault of what was recorded, by its name and first sentence."""

    def register(function: Spoiler) -> Spoiler:
        """Register one, and leave it as it is."""
        _register(
            FaultKind(
                function.__name__,
                _sentence(function),
                must_never_pass,
                spoils=function,
                needs_loopback=needs_loopback,
                spares_return=spares_return,
            )
        )
        return function

    return register


def teller(function: Teller) -> Teller:
    """Register a function as a fault of what the amp is told."""
    _register(FaultKind(function.__name__, _sentence(function), False, tells=function))
    return function


Change = Callable[[Signal], Signal]
SideSpoiler = Callable[[Take, Draw], Change]


def on_each_side(*, must_never_pass: bool = False) -> Callable[[SideSpoiler], SideSpoiler]:
    """Register three faults: one change on the return, on the loopback and on both alike."""

    def register(function: SideSpoiler) -> SideSpoiler:
        """Register one under three names, and leave it as it is."""
        for side in ("return", "loopback", "both"):
            _register(_one_sided(function, side, must_never_pass))
        return function

    return register


def _one_sided(function: SideSpoiler, side: str, must_never_pass: bool) -> FaultKind:
    def spoils(take: Take, draw: Draw) -> Pair:
        """Change one side or both, each the same way."""
        # Drawn once: on both inputs the same frames are lost.
        change = function(take, draw)
        returned = take.returned if side == "loopback" else change(take.returned)
        if side == "return" or take.loopback is None:
            return returned, take.loopback
        return returned, change(take.loopback)

    alone = side == "loopback"
    name = f"{side}_{function.__name__}"
    physics = f"On {'both inputs' if side == 'both' else 'the ' + side}: {_sentence(function)}"
    return FaultKind(
        name, physics, must_never_pass, spoils, needs_loopback=alone, spares_return=alone
    )

"""Every setting that was asked for: where it lies in the knob space, and what is known of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase

from rig.capture import Role
from rig.knobs import Setting
from rig.session.expectation import expectations
from rig.session.facts import TakeEnded
from rig.session.folder import Session

ROLES = (Role.SEED, Role.ACTIVE, Role.HOLDOUT)
#: Rounds as one sign each; later ones all have the last.
ROUNDS = "o123456789" + ascii_lowercase
HELD_OUT, WORST, NEXT, GIVEN_UP, HERE = "+", "X", "?", "-", "@"


@dataclass(frozen=True)
class Place:
    """A setting that was asked for.

    Attributes:
        capture: Its number.
        role: Why it was asked for.
        round: By which round; 0 before the first.
        setting: The knobs.
        units: The same in [0, 1].
        kept: The take that stands for it.
        why_not: Why it was given up.
        esr: Of the final model there, for a holdout.
        expected: What the ensemble expected there.
        found: What it found there.
    """

    capture: int
    role: Role
    round: int
    setting: Setting
    units: tuple[float, ...]
    kept: TakeEnded | None
    why_not: str | None
    esr: float | None
    expected: float | None
    found: float | None

    @property
    def is_pending(self) -> bool:
        """Whether it is still to be recorded."""
        return self.kept is None and self.why_not is None

    @property
    def error(self) -> float | None:
        """The last that was found of how well it is known."""
        return self.esr if self.esr is not None else self.found

    @property
    def sign(self) -> str:
        """The sign that it has in the map."""
        if self.is_pending:
            return NEXT
        if self.kept is None:
            return GIVEN_UP
        return HELD_OUT if self.role is Role.HOLDOUT else ROUNDS[min(self.round, len(ROUNDS) - 1)]


def places(session: Session) -> Iterator[Place]:
    """Every setting that was asked for, in that order, canaries and looks aside."""
    panel, model = session.config.panel, session.state.learning.model
    found = expectations(session.state.learning.rounds)
    for number, about in session.state.captures.items():
        order = about.capture
        if order.role not in ROLES:
            continue
        held_out = model is not None and order.role is Role.HOLDOUT
        pair, expected = found.get(number, (None, None))
        yield Place(
            capture=number,
            role=order.role,
            round=order.round,
            setting=order.setting,
            units=tuple(map(float, panel.point(order.setting))),
            kept=about.kept,
            why_not=about.abandoned,
            esr=model.by_setting.get(panel.describe(order.setting)) if held_out and model else None,
            expected=expected,
            found=pair.found if pair else None,
        )


def ordered(shown: tuple[Place, ...]) -> list[Place]:
    """Settings as they are looked through: the worst first, then those that nothing is known of."""
    return sorted(shown, key=lambda place: (place.esr is None, -(place.error or 0.0)))


def worst(shown: tuple[Place, ...]) -> Place | None:
    """The setting at which the error is largest: of the final model, else of the ensemble."""
    tested = [place for place in shown if place.esr is not None]
    known = tested or [place for place in shown if place.found is not None]
    return max(known, key=lambda place: place.error or 0.0, default=None)

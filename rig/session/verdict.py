"""What a session is worth in one word, in one sentence for a musician, and what to type next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rig.capture import Role
from rig.printable import command, count_of
from rig.session.folder import Session
from rig.session.worth import worth

#: So many more settings, as a share of those that there are, and at least; an error of a model
#: falls with the number of settings, and fewer would not be noticed.
MORE_SHARE, LEAST_MORE = 0.5, 6
#: How the learner's sentence begins to name where the model is worse.
EXCEPT = ", except "
#: What asked for more says of the place where the model is worst, it says from this ratio on.
WORSE = 1.25

#: Whose training was too short is trained so many times as long.
LONGER = 4

#: What a musician may do with it.
MEANS = {
    "excellent": "even side by side few people will tell it from the amp",
    "good": "in a mix hardly anybody will tell it from the amp",
    "usable": "it is the amp's character, and side by side you hear the difference",
    "record more": "it is not the amp yet",
    "never tested": "no setting was held back to test it on, so trust your ears",
}


@dataclass(frozen=True)
class Verdict:
    """What the session is worth: a word, a sentence, and what to type next."""

    word: str
    sentence: str
    advice: str
    command: str


class Tested(Protocol):
    """A setting as the verdict knows it: where it lies in [0, 1]^k, and the ESR found there."""

    @property
    def units(self) -> tuple[float, ...]:
        """Return where each knob stands, in [0, 1]."""

    @property
    def esr(self) -> float | None:
        """Return the final model's error there, if it was tested there."""


@dataclass(frozen=True)
class Place:
    """A holdout setting in [0, 1]^k, with the final model's error there."""

    units: tuple[float, ...]
    esr: float | None


@dataclass(frozen=True)
class Region:
    """Half of a knob's travel, or a switch's position, and how bad the model is there."""

    words: str
    esr: float


def worst_region(names: Sequence[str], tested: Sequence[Tested]) -> Region | None:
    """The half of a knob where the final model errs most, if one is clearly worse than the other.

    Args:
        names: Of the knobs.
        tested: Holdout settings with their errors.
    """
    found = None
    # Halves and no smaller parts: with four to eight holdouts there is hardly more to tell.
    for index, name in enumerate(names):
        for words, above in (("low", False), ("high", True)):
            pairs = [(s.units[index] >= 0.5, s.esr) for s in tested if s.esr is not None]
            inside = [esr for high, esr in pairs if high is above]
            outside = [esr for high, esr in pairs if high is not above]
            # One setting by itself is no region.
            if len(inside) < 2 or not outside:
                continue
            here, there = sum(inside) / len(inside), sum(outside) / len(outside)
            if here > WORSE * there and (found is None or here > found.esr):
                found = Region(f"with {name} {words}", here)
    return found


def weak_region(session: Session) -> Region | None:
    """The half of a knob where a session's final model errs most, by its holdout settings."""
    panel, model = session.config.panel, session.state.learning.model
    if model is None:
        return None
    held_out = [c.capture.setting for c in session.state.captures.values()
                if c.capture.role is Role.HOLDOUT]  # fmt: skip
    places = [
        Place(tuple(map(float, panel.point(each))), model.by_setting.get(panel.describe(each)))
        for each in held_out
    ]
    return worst_region([knob.name for knob in panel.knobs], places)


def verdict(session: Session, region: Region | None) -> Verdict:
    """What the session is worth now."""
    model = session.state.learning.model
    if model is None:
        return _unfinished(session)
    learning = session.state.learning
    word = worth(learning.worst_esr).words
    # The learner's own sentence, so that the page and the terminal say the same.
    said = f"{MEANS[word]}"
    if model.verdict:
        said += f": {model.verdict}"
    # The learner's own exception is drawn finer than half of a knob, and one region is enough.
    if region is not None and EXCEPT not in (model.verdict or ""):
        said += f"; it is worst {region.words}"
    if word != worth(model.holdout_esr).words:
        said += f"; where nothing was held back, an ESR of {learning.expected_esr:.2g} is expected"
    if model.caveat:
        said += f"; {model.caveat}"
    if learning.trails_ensemble:
        ensemble_esr = learning.rounds[-1].holdout_esr
        said += (
            f"; the ensemble that chose the settings is nearer to the amp (ESR {ensemble_esr:.2g})"
        )
    return Verdict(word, f"{said[0].upper()}{said[1:]}.", *_next(session, word))


def longer_training(session: Session) -> str:
    """The command that trains a session's final model for longer."""
    model, learner = session.state.learning.model, session.config.learner
    size = [] if model is None or model.size is None else ["--size", model.size]
    trained = (model and model.steps) or learner.final_steps
    # One that was trained for less than usual wants that first.
    steps = [] if trained < learner.final_steps else ["--steps", str(LONGER * trained)]
    return command("rig", "train", session.folder, *size, *steps)


def _next(session: Session, word: str) -> tuple[str, str]:
    """What should be done, and the command that does it."""
    if word in ("excellent", "good", "never tested"):
        target = f"{session.config.name}.nam".replace(" ", "-")
        typed = command("rig", "export", session.folder, target)
        advice = f"Take it into your player: {_at(session)}"
        return advice, typed
    # More settings are no help to a model that has not learnt the ones that there are.
    if session.state.learning.trails_ensemble:
        return "Train it longer: nothing has to be recorded for that.", longer_training(session)
    kept = session.state.ordered_to_learn()
    wanted = kept + max(round(MORE_SHARE * kept), LEAST_MORE)
    typed = command("rig", "capture", "--session", session.folder, "--captures", str(wanted))
    return f"Record {count_of(wanted - kept, 'more setting')}; what is there already stays.", typed


def _at(session: Session) -> str:
    """How a file of this or of another setting is had."""
    panel = session.config.panel
    # Not the one that it is: somebody may paste it as it stands.
    knob = panel.knobs[0]
    value = next(
        (v for v in reversed(knob.values) if v != panel.reference.values[0]), knob.values[0]
    )
    return f"this is the middle setting; add --at {knob.name}={knob.describe(value)} for another."


def _unfinished(session: Session) -> Verdict:
    kept = sum(about.capture.role.is_trained_on for about in session.state.kept())
    told = "setting to learn from is recorded", "settings to learn from are recorded"
    sentence = f"There is no final model yet: {count_of(kept, *told)}."
    esr = session.state.learning.holdout_esr
    if esr is not None:
        sentence += f" The ensemble that decides what is recorded next has an ESR of {esr:.2g}."
    typed = command("rig", "capture", "--session", session.folder)
    return Verdict("not finished", sentence, "Let it go on, or go on with it.", typed)

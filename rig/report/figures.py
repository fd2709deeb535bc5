"""The figures that a report shows; each comes from the journal or from ``model/metrics.json``."""

from dataclasses import dataclass

from rig.session.verdict import Verdict


@dataclass(frozen=True)
class KnobFigure:
    """A knob as its faceplate has it.

    Attributes:
        name: As in ``rig.yaml``.
        low: The lowest value that may be set.
        high: The highest.
        labels: The names of a switch's positions; empty for what turns.
        play: Where players set it four times out of five.
        reference: Where it stands in the reference setting.
        step: From one position to the next.
    """

    name: str
    low: float
    high: float
    labels: tuple[str, ...]
    play: tuple[float, float]
    reference: float
    step: float


@dataclass(frozen=True)
class SettingFigure:
    """A setting that was asked for, and what is known of it.

    Attributes:
        capture: Its number.
        told: The setting as people read it.
        role: Seed, active or holdout.
        round: Which round asked for it; 0 before the first.
        values: Faceplate values, in the knobs' order.
        units: The same in [0, 1].
        is_kept: Whether a take of it is kept.
        why_not: Why it was given up.
        esr: Of the final model, for a holdout.
        disagreement: The members' relative variance there, when they asked for it.
        expected_esr: What the ensemble expected there, before it had learnt the setting.
        found_esr: What it found then.
    """

    capture: int
    told: str
    role: str
    round: int
    values: tuple[float, ...]
    units: tuple[float, ...]
    is_kept: bool
    why_not: str | None
    esr: float | None
    disagreement: float | None
    expected_esr: float | None
    found_esr: float | None


@dataclass(frozen=True)
class RoundFigure:
    """A round that was learnt; ``captures`` are those that it has learnt from."""

    round: int
    strategy: str
    captures: int
    ensemble_esr: float
    holdout_esr: float | None
    expected_esr: float | None
    seconds: float
    at: float


@dataclass(frozen=True)
class CanaryFigure:
    """A canary that was kept, with what it says of the amp.

    Attributes:
        take: Its number.
        at: Unix time.
        replicate_esr: How far it is from the reference; None for the reference itself.
        return_rms_dbfs: Its level.
        noise_dbfs: The return's noise.
        latency_frames: The round trip.
    """

    take: int
    at: float
    replicate_esr: float | None
    return_rms_dbfs: float | None
    noise_dbfs: float | None
    latency_frames: float | None


@dataclass(frozen=True)
class TakeFigure:
    """A take: when it was, of what, how it ended, and the sentences that say why."""

    take: int
    capture: int
    role: str
    told: str
    outcome: str
    begun_at: float
    ended_at: float
    played_s: float
    sentences: tuple[str, ...]


#: Kinds of events that last.
LEARNING_ROUND, FINAL_MODEL = "learning", "final model"


@dataclass(frozen=True)
class EventFigure:
    """Something that happened beside takes, in words; ``ended_at`` is later where it lasted."""

    at: float
    ended_at: float
    kind: str
    words: str


@dataclass(frozen=True)
class SpentFigure:
    """A share of the session's time, in words; shares do not overlap."""

    words: str
    seconds: float


@dataclass(frozen=True)
class CalibrationFigure:
    """A measured quantity over all kept takes; its unit stands in ``unit``."""

    name: str
    unit: str
    median: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Report:
    """Everything that the page shows as figures; sound and the model come beside it.

    Attributes:
        session: The folder's name.
        state: What it is doing, or how it ended.
        finish_reason: Why it ended.
        verdict: What it is worth.
        knobs: The amp's knobs.
        settings: Every setting that was asked for, canaries and looks aside.
        rounds: Every round, oldest first.
        canaries: Every canary that was kept.
        takes: Every take that ended.
        events: What happened beside takes.
        spent: Where the time from the first word to the last went.
        calibration: What was measured of the rig.
        holdout_esr: Of the final model, else of the last ensemble.
        expected_esr: At the other settings that players use, as far as that is known.
        repeatability_esr: The floor that no model can beat.
        within_db: How close the model comes, in dB.
        turning: What the model does while knobs move, from ``model/metrics.json``.
        worst_region: The end of a knob's range where the final model is worst, in words.
        kept_share: The share of the time that went into takes that are kept.
        facts: Machine, versions and durations, as pairs of words.
    """

    session: str
    state: str
    finish_reason: str | None
    verdict: Verdict
    knobs: tuple[KnobFigure, ...]
    settings: tuple[SettingFigure, ...]
    rounds: tuple[RoundFigure, ...]
    canaries: tuple[CanaryFigure, ...]
    takes: tuple[TakeFigure, ...]
    events: tuple[EventFigure, ...]
    spent: tuple[SpentFigure, ...]
    calibration: tuple[CalibrationFigure, ...]
    holdout_esr: float | None
    expected_esr: float | None
    repeatability_esr: float | None
    within_db: float | None
    turning: dict[str, float]
    worst_region: str | None
    kept_share: float | None
    facts: tuple[tuple[str, str], ...]

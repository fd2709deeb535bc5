"""The shape of ``rig.yaml``: every key, its unit, its range and its default."""

import math
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from rig.config import examples
from rig.config.devices import (
    AmpConfig,
    HandAmpConfig,
    InterfaceConfig,
    ReplayAmpConfig,
    VirtualAmpConfig,
    VirtualInterfaceConfig,
)
from rig.config.elsewhere import PlacedSection
from rig.config.foot_switch import FootSwitchConfig
from rig.config.knobs import KnobConfig, knob_mistakes, with_marks
from rig.config.section import Home, Mistakes, Positive, Section, is_stored
from rig.config.sharing import GearConfig, Presets, preset_mistakes
from rig.knobs import Panel, Setting

TIME_OF_DAY, NAME = r"^([01]\d|2[0-3]):[0-5]\d$", r"^[\w][\w .-]{0,79}$"
#: What fits each of them, for who wrote something else.
EXAMPLES = {TIME_OF_DAY: "07:00", NAME: "my-amp"}


class ExcerptConfig(Section):
    """A part of a dry guitar recording."""

    file: Annotated[str, Home]
    """A WAV beside rig.yaml, or 'builtin:guitar-train' or 'builtin:guitar-holdout'."""
    channel: Literal["left", "right", "mix"] | None = None
    """Of a stereo recording: the side that is played, or both, mixed; needed where they differ."""
    start_s: Annotated[float, Field(ge=0)] = 0.0
    """Where the part begins."""
    length_s: Annotated[float, Field(gt=0.5, le=3600)] | None = None
    """How long it is, no longer than the recording goes on; to the end where left out."""


class SignalConfig(Section):
    """What is played into the amp: preamble, tones, guitar to learn from, guitar to test on."""

    train: ExcerptConfig = ExcerptConfig(file="builtin:guitar-train", length_s=10.0)
    """The guitar that models learn from."""
    holdout: ExcerptConfig = ExcerptConfig(file="builtin:guitar-holdout", start_s=3.0, length_s=4.0)
    """The guitar that models are only ever tested on."""
    peak_dbfs: Annotated[float, Field(ge=-60, le=0)] = -6.0
    """The guitar's loudest sample, as it leaves the interface."""
    tones_hz: tuple[Annotated[float, Field(ge=20, le=20_000)], ...] = (82.4, 329.6, 1318.5)
    """Test tones, each swept from silence to full level."""
    tone_s: Annotated[float, Field(ge=0.1, le=30)] = 0.6
    """Length of each test tone."""


class PlanConfig(Section):
    """Which settings are recorded, and when the session is done."""

    captures: Annotated[int, Field(ge=1, le=10_000)] | None = 19
    """How many settings to learn from; null where only the clock decides."""
    strategy: Literal["integrated-variance", "panama", "lhs+corners", "lhs", "sobol", "random"] = (
        "integrated-variance"
    )
    """How settings are chosen; the first two ask the ensemble, the others are laid out before."""
    seeds: Annotated[int, Field(ge=2, le=1_000)] = 10
    """Of these, how many are spread over the whole knob space first."""
    batch: Annotated[int, Field(ge=1, le=100)] = 3
    """How many settings the ensemble asks for in each round."""
    holdouts: Annotated[int, Field(ge=1, le=200)] = 4
    """Settings that models are only ever tested on."""
    canary_every: Annotated[int, Field(ge=1, le=1_000)] = 8
    """Kept takes between two recordings of the reference setting."""
    looks: bool = True
    """Whether each kept setting is dialled once more, for a few seconds: was a knob off?"""
    rejects: Annotated[int, Field(ge=1, le=20)] = 3
    """Takes of one setting that may be rejected, or may fail, before it is given up."""
    warmup_s: Annotated[float, Field(ge=0, le=7200)] = 900.0
    """Seconds of playing after which an amp that is not steady is taken as it is."""
    until: Annotated[str, Field(pattern=TIME_OF_DAY)] | None = None
    """Time of day, HH:MM, when recording stops."""
    target_esr: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Stop once the holdout ESR is below this."""
    target_floors: Annotated[float, Field(ge=1, le=1e6)] | None = None
    """Stop once the holdout ESR is below so many times the repeatability ESR."""
    plateau_rounds: Annotated[int, Field(ge=2, le=100)] | None = None
    """Stop once so many rounds brought the holdout ESR down by less than a twentieth."""
    odd_takes: Annotated[int, Field(ge=2, le=100)] = 6
    """Stop, and rest the knobs, after so many takes in a row that did not sound like this amp."""
    disk_floor_gb: Annotated[float, Field(ge=0, le=1000)] = 0.5
    """Stop while so much of the disk is still free."""


class ChecksConfig(Section):
    """What a take must be to be kept."""

    clip_dbfs: Annotated[float, Field(ge=-12, le=0)] = -0.1
    """A return or loopback that reaches this has clipped."""
    silence_dbfs: Annotated[float, Field(ge=-140, le=0)] = -75.0
    """A guitar whose return stays below this RMS is silence."""
    loopback_error_db: Annotated[float, Field(ge=-140, le=0)] = -30.0
    """The loopback may differ from what was played by this much, in any 10 ms."""
    latency_jump_frames: Positive = 0.5
    """The round trip may move by this much within a session."""
    drift_frames: Positive = 0.25
    """The end of a take may come back by this much later or earlier than its beginning."""
    noise_rise_db: Positive = 12.0
    """The return's noise floor may be this much higher than other takes let expect."""
    replicate_esr: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """The reference setting may differ by this ESR from its first recording, at the most."""


class LearnerConfig(PlacedSection):
    """The ensemble that decides what to record next."""

    architecture: Literal["wavenet", "lstm"] = "wavenet"
    """What each member is."""
    size: str = "feather"
    """WaveNet: standard, lite, feather, nano, a2 or a2-slim; LSTM: layers x units, such as 1x24."""
    members: Annotated[int, Field(ge=2, le=16)] = 4
    """Models in the ensemble."""
    shared: bool = True
    """Whether they share a trunk and differ in how they read the knobs; false trains each whole."""
    prior: bool = True
    """Whether they start from what comes with rig: weights that many drawn amps had in common."""
    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 800
    """Training steps in each round; the first round takes twice as many."""
    audible_range_db: Annotated[float, Field(ge=20, le=120)] = 50.0
    """Settings so far below the loudest one are not heard beside it: errors count from there up."""
    closing_round: bool = True
    """Whether a round that asks for nothing ends the recording: is the last batch as expected?"""
    final_size: str = "standard"
    """Size of the model that is exported, in the same architecture; a2 is both of its widths."""
    final_steps: Annotated[int, Field(ge=1, le=10_000_000)] = 8_000
    """Training steps of the model that is exported."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where training runs; 'auto' takes CUDA, then MPS, then the CPU."""
    threads: Annotated[int, Field(ge=1, le=256)] | None = None
    """CPU threads; every core where left out."""

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        for key in ("size", "final_size"):
            check_size(self.architecture, key, getattr(self, key))
        return self


#: The names of `models.networks.wavenet.SHAPES`, importing which would load torch.
WAVENET_SIZES = ("standard", "lite", "feather", "nano", "a2", "a2-slim")
#: A2 goes out in both its widths, so whoever wants the full one has the narrow one with it.
NARROW = {"a2": "a2-slim"}


def check_size(architecture: str, key: str, size: str) -> None:
    """Refuse a size that an architecture has not got.

    Raises:
        ValueError: There is none of this name.
    """
    if architecture == "wavenet" and size not in WAVENET_SIZES:
        known, near = ", ".join(WAVENET_SIZES[:-1]), examples.nearest(size, WAVENET_SIZES)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ValueError(f"{key}: a wavenet is {known} or {WAVENET_SIZES[-1]}, not {size!r}{hint}")
    if architecture == "lstm":
        layers, _, units = size.partition("x")
        fits = layers.isdecimal() and units.isdecimal()
        # As `models.networks.spec` bounds them, importing which would load torch.
        if not fits or not (1 <= int(layers) <= 8 and 1 <= int(units) <= 512):
            raise ValueError(f"{key}: an lstm is layers x units, such as 1x24, not {size!r}")


Words = tuple[Annotated[str, Field(min_length=1, max_length=1000), Home], ...]


class NotifyConfig(Section):
    """Programs of yours that are told what happened, in variables named RIG_..."""

    on_finish: Words = ()
    """Run when the session ends: a program and its arguments, such as [notify-me, --loud]."""
    on_alarm: Words = ()
    """Run when something is wrong in the night."""
    on_hands: Words = ()
    """Run when somebody has to turn knobs; RIG_REASON says which, and where to."""


class Config(Section):
    """A whole ``rig.yaml``."""

    name: Annotated[str, Field(pattern=NAME)] = "first-capture"
    """Of the session, and so of its folder."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    """Everything random in a session is drawn from it."""
    amp: AmpConfig = VirtualAmpConfig()
    """What turns the knobs."""
    interface: InterfaceConfig = VirtualInterfaceConfig()
    """What plays and records."""
    knobs: Annotated[dict[str, KnobConfig], Field(min_length=1, max_length=32)]
    """The amp's controls, by name."""
    signal: SignalConfig = SignalConfig()
    """What is played."""
    plan: PlanConfig = PlanConfig()
    """What is recorded."""
    checks: ChecksConfig = ChecksConfig()
    """What is kept."""
    learner: LearnerConfig = LearnerConfig()
    """What is learnt."""
    gear: GearConfig = GearConfig()
    """What files for players say of the amp."""
    presets: Presets = Field(default_factory=dict)
    """Settings by name, such as {clean: {gain: 2}, lead: {gain: 9, bright: on}}: what 'rig export'
    makes files of. Knobs that are not named stand at the reference setting."""
    notify: NotifyConfig = NotifyConfig()
    """Who is told. It stays with you: a session's own rig.yaml never names programs to run."""
    foot_switch: FootSwitchConfig | None = None
    """A MIDI pedal that answers for hands. It stays with you as well: it is of this room, and no
    part of the session."""

    @field_validator("knobs")
    @classmethod
    def _distinct(cls, knobs: dict[str, KnobConfig], info: ValidationInfo) -> dict[str, KnobConfig]:
        if mistakes := list(knob_mistakes(knobs, stored=is_stored(info))):
            raise Mistakes(mistakes)
        if is_stored(info):
            return knobs
        by_hand = isinstance(info.data.get("amp"), HandAmpConfig)
        return {name: with_marks(knob, by_hand=by_hand) for name, knob in knobs.items()}

    @model_validator(mode="after")
    def _goal(self) -> Self:
        if self.plan.captures is None and self.plan.until is None and self.plan.target_esr is None:
            raise ValueError("plan.captures: without it, set plan.until or plan.target_esr")
        return self

    @model_validator(mode="after")
    def _playable(self, info: ValidationInfo) -> Self:
        # Another package's interface says its rate by itself.
        rate = getattr(self.interface, "sample_rate", math.inf)
        # What was recorded with such a tone stays what it is.
        for hz in () if is_stored(info) else self.signal.tones_hz:
            if 2 * hz >= rate:
                raise ValueError(
                    f"signal.tones_hz: {hz:g} Hz cannot be played at {rate} Hz: leave it out, or "
                    "choose a higher interface.sample_rate"
                )
        return self

    @model_validator(mode="after")
    def _named_settings(self) -> Self:
        if mistakes := list(preset_mistakes(self.panel, self.presets)):
            raise Mistakes(mistakes)
        return self

    @model_validator(mode="after")
    def _recorded(self) -> Self:
        if not isinstance(self.amp, ReplayAmpConfig):
            return self
        for row in self.amp.settings:
            wrong = len(row) != len(self.knobs) or any(
                value not in knob.values if knob.is_switch else not low <= value <= high
                for value, knob in zip(row, self.panel.knobs, strict=True)
                for low, high in [knob.limits]
            )
            if wrong:
                typed = ", ".join(f"{value:g}" for value in row)
                raise ValueError(f"amp.settings: [{typed}] is no setting of these knobs")
        return self

    @cached_property
    def panel(self) -> Panel:
        """The amp's knobs, in the order of the file; it is computed once."""
        # A hand amp has no other way to set anything, whatever its knobs say.
        everything = isinstance(self.amp, HandAmpConfig)
        rows = self.amp.settings if isinstance(self.amp, ReplayAmpConfig) else ()
        return Panel(
            tuple(knob.knob(name, by_hand=everything) for name, knob in self.knobs.items()),
            tuple(dict.fromkeys(map(Setting, rows))),
        )

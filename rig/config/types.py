"""The shape of ``rig.yaml``: every key, its unit, its range and its default."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from rig.knobs import FINE_POSITIONS, Knob, Panel

#: What MIDI can tell apart: one controller, two of them as a pair, or a parameter number.
CC_POSITIONS, FINE_CC_POSITIONS = 128, 16_384
SMALLEST_RANGE = 1e-3
#: A span of usual settings, as a share of the range, where the file says nothing.
USUAL = (0.22, 0.78)

Face = Annotated[float, Field(ge=-1e6, le=1e6)]
Span = tuple[Face, Face]
Positive = Annotated[float, Field(gt=0)]
MidiValue = Annotated[int, Field(ge=0, lt=16_384)]


class Section(BaseModel):
    """A part of the file: unknown keys are mistakes, infinities are not numbers."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class KnobConfig(Section):
    """One control: how far it turns, how it is set, where it may and should stand."""

    range: Span = (0.0, 10.0)
    """Faceplate values at both ends."""
    step: Positive | None = None
    """Distance between two positions of a stepped knob; leave out where it turns freely."""
    switch: Annotated[tuple[str, ...], Field(min_length=2, max_length=16)] | None = None
    """Names of a switch's positions, in place of range and step."""
    control: str | None = None
    """What the amp's driver calls this control, where that is not the knob's own name."""
    cc: Annotated[int, Field(ge=0, le=127)] | None = None
    """MIDI controller number; the knob then has 128 positions."""
    cc14: Annotated[int, Field(ge=0, le=31)] | None = None
    """MIDI controller pair, by its coarse number (the fine one is 32 higher)."""
    nrpn: Annotated[int, Field(ge=0, le=16_383)] | None = None
    """MIDI parameter number (NRPN), with 14-bit values."""
    program: Annotated[int, Field(ge=0, le=127)] | None = None
    """MIDI program of the switch's first position; the others follow."""
    send: tuple[MidiValue, MidiValue] | None = None
    """Controller values at both ends of the range; all of them where left out."""
    limits: Span | None = None
    """Lowest and highest value that may ever be set."""
    avoid: tuple[Face | Span, ...] = ()
    """Values, or [low, high] spans, that are never set."""
    rest: float | str | None = None
    """Where the knob is put when the session ends; its lowest value where left out."""
    play: Span | None = None
    """The span where players set it four times out of five."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.switch is not None:
            self._check_switch()
        low, high = self.faceplate
        if high - low < SMALLEST_RANGE:
            raise ValueError("range: the first value must be lower than the second")
        self._check_wires()
        self._check_step(low, high)
        for name, span in (("limits", self.limits), ("play", self.play)):
            if span is not None and not low <= span[0] < span[1] <= high:
                raise ValueError(f"{name}: must rise and lie within the range {low:g} to {high:g}")
        self._check_positions()
        return self

    @property
    def faceplate(self) -> Span:
        """Values at both ends; a switch counts its positions from 0."""
        return self.range if self.switch is None else (0.0, len(self.switch) - 1.0)

    @property
    def wires(self) -> dict[str, int]:
        """Every way that the file gives to set it over MIDI."""
        ways = {"cc": self.cc, "cc14": self.cc14, "nrpn": self.nrpn, "program": self.program}
        return {way: number for way, number in ways.items() if number is not None}

    @property
    def send_span(self) -> tuple[int, int]:
        """Controller values at both ends of the range; the second may be the lower one."""
        top = CC_POSITIONS if self.cc is not None else FINE_CC_POSITIONS
        return self.send or (0, top - 1)

    @property
    def wire_positions(self) -> int | None:
        """How many positions its controller has; None where it has none."""
        if not self.wires or self.program is not None:
            return None
        return abs(self.send_span[1] - self.send_span[0]) + 1

    def _check_wires(self) -> None:
        if len(self.wires) > 1:
            raise ValueError(f"{list(self.wires)[1]}: one way to set a knob is enough")
        if self.program is not None and self.switch is None:
            raise ValueError("program: only a switch can be set by programs")
        if self.send is not None:
            if not self.wires or self.program is not None:
                raise ValueError("send: there is no controller that it could be about")
            if self.cc is not None and max(self.send) >= CC_POSITIONS:
                raise ValueError("send: one CC carries 0 to 127")
            if self.send[0] == self.send[1]:
                raise ValueError("send: both ends of the range would be the same")

    def _check_switch(self) -> None:
        given = self.model_fields_set & {"range", "step", "play"}
        if given:
            raise ValueError(f"{sorted(given)[0]}: a switch has positions, not a range")
        assert self.switch is not None
        if len({label.lower() for label in self.switch}) < len(self.switch):
            raise ValueError("switch: every position needs a name of its own")

    def _check_step(self, low: float, high: float) -> None:
        if self.step is None:
            return
        steps = (high - low) / self.step
        if steps < 1:
            raise ValueError(f"step: {self.step:g} is larger than the range {low:g} to {high:g}")
        if abs(steps - round(steps)) > 1e-6:
            raise ValueError(f"step: {self.step:g} does not divide the range {low:g} to {high:g}")
        if steps > 100_000:
            raise ValueError(f"step: {self.step:g} gives more than 100000 positions")
        if self.wire_positions is not None and steps >= self.wire_positions:
            count = self.wire_positions
            raise ValueError(f"step: its controller has {count} positions, {self.step:g} is finer")

    def _check_positions(self) -> None:
        knob = self.knob("knob")
        if not knob.values:
            raise ValueError("avoid: nothing is left that may be set")
        low, high = knob.limits
        if not low <= knob.rest <= high:
            raise ValueError(f"rest: must be a position within {low:g} to {high:g}")

    def _count(self) -> int:
        low, high = self.faceplate
        if self.switch is not None:
            return len(self.switch)
        if self.step is not None:
            return round((high - low) / self.step) + 1
        return self.wire_positions or FINE_POSITIONS

    def _rest(self, limits: Span) -> float:
        if self.rest is None:
            return limits[0]
        labels = [label.lower() for label in self.switch or ()]
        if isinstance(self.rest, str):
            if self.rest.lower() not in labels:
                raise ValueError(f"rest: {self.rest!r} is none of the switch's positions")
            return float(labels.index(self.rest.lower()))
        return self.rest

    def knob(self, name: str) -> Knob:
        """The knob that this section describes."""
        low, high = self.faceplate
        limits = self.limits or (low, high)
        usual = (low + USUAL[0] * (high - low), low + USUAL[1] * (high - low))
        spans = tuple(a if isinstance(a, tuple) else (a, a) for a in self.avoid)
        return Knob(
            name,
            low,
            high,
            self._count(),
            self.switch or (),
            limits,
            spans,
            self._rest(limits),
            self.play or usual,
        )


class FaultConfig(Section):
    """Something that the virtual amp does wrong on purpose."""

    take: Annotated[int, Field(ge=1)]
    """Counted from when the devices were opened."""
    kind: Literal["clipping", "dropout", "silence", "stuck", "gone", "hang"]
    """What goes wrong."""
    takes: Annotated[int, Field(ge=1)] = 1
    """For how many takes (for 'gone': how many attempts to open it again fail)."""
    knob: str | None = None
    """Which control is stuck."""


class VirtualAmpConfig(Section):
    """The built-in virtual amp."""

    driver: Literal["virtual"] = "virtual"
    preset: str = "tweed"
    """Which amplifier: 'tweed' (3 controls), 'british' (5) or 'modern' (7)."""
    warmup_db: Annotated[float, Field(ge=0, le=6)] = 0.0
    """How much louder it gets while it warms up."""
    warmup_s: Positive = 120.0
    """Seconds of playing until it is two thirds warm."""
    drift_db: Annotated[float, Field(ge=0, le=6)] = 0.0
    """How far its level wanders over an hour."""


class MidiAmpConfig(Section):
    """An amp whose knobs are set over MIDI."""

    driver: Literal["midi"]
    port: str
    """The output port's name, or a part of it that only one port has."""
    api: Literal["auto", "LINUX_ALSA", "UNIX_JACK", "MACOSX_CORE", "WINDOWS_MM"] = "auto"
    """The system's MIDI interface, where there is more than one."""
    channel: Annotated[int, Field(ge=1, le=16)] = 1
    """MIDI channel, counted from 1."""
    message_gap_s: Annotated[float, Field(ge=0.001, le=1)] = 0.005
    """Between two messages: a flood loses some."""
    settle_s: Annotated[float, Field(ge=0, le=60)] = 0.5
    """After the last message, until the knobs have stopped moving."""
    sends: Annotated[int, Field(ge=1, le=10)] = 2
    """How many times each knob is sent."""
    approach: Literal["direct", "below", "afar"] = "direct"
    """'below': always from its lowest allowed value, for knobs with slack; 'afar': from the allowed
    end further away, for amps that ignore small changes."""


class SoundCardConfig(Section):
    """An audio interface with a loopback cable from one of its outputs to one of its inputs."""

    driver: Literal["soundcard"]
    input: str
    """The recording device's name, or a part of it that only one device has."""
    output: str
    """The playing device's name, or a part of it."""
    host_api: str
    """Such as CoreAudio, ASIO, WASAPI, ALSA or JACK: a device may be listed under several."""
    sample_rate: Annotated[int, Field(ge=8_000, le=192_000)] = 48_000
    """Hz; the device must run at it."""
    block_frames: Annotated[int, Field(ge=0, le=16_384)] = 0
    """Frames per block; 0 leaves it to the device."""
    send_channel: Annotated[int, Field(ge=1, le=64)] = 1
    """The output that feeds the amp, counted from 1."""
    return_channel: Annotated[int, Field(ge=1, le=64)] = 1
    """The input that the amp comes back on."""
    loopback_send_channel: Annotated[int, Field(ge=1, le=64)] | None = None
    """The output that the loopback cable leaves from; the send's own where left out."""
    loopback_channel: Annotated[int, Field(ge=1, le=64)] | None = None
    """The input that the loopback cable arrives on; leave out where there is none."""


class VirtualInterfaceConfig(Section):
    """The built-in converter, wired to the built-in virtual amp."""

    driver: Literal["virtual"] = "virtual"
    sample_rate: Annotated[int, Field(ge=8_000, le=192_000)] = 48_000
    """Hz."""
    latency_frames: Annotated[float, Field(ge=0, le=48_000)] = 1187.37
    """Round trip, in frames and fractions of one."""
    noise_dbfs: Annotated[float, Field(ge=-200, le=0)] = -96.0
    """RMS of the return's noise."""
    hum_dbfs: Annotated[float, Field(ge=-200, le=0)] = -200.0
    """RMS of the hum on the return."""
    hum_hz: Annotated[float, Field(gt=0, le=400)] = 50.0
    """Mains frequency."""
    paced: bool = False
    """Whether a take lasts as long as on a real sound card."""
    speed: Positive = 1.0
    """Of a paced take: 2 plays twice as fast as time."""
    seed: int = 0
    """Of its noise."""
    faults: tuple[FaultConfig, ...] = ()
    """What goes wrong, and when."""


class ExternalConfig(Section):
    """A driver from another package."""

    driver: str
    """Its entry point's name."""
    options: dict[str, Any] = {}
    """Whatever the driver wants to know."""


BUILT_IN = ("virtual", "midi", "soundcard")


def _driver(value: Any) -> str:
    if isinstance(value, dict):
        driver = value.get("driver", "virtual")
    else:
        driver = getattr(value, "driver", "virtual")
    return driver if driver in BUILT_IN else "external"


AmpConfig = Annotated[
    Annotated[VirtualAmpConfig, Tag("virtual")]
    | Annotated[MidiAmpConfig, Tag("midi")]
    | Annotated[ExternalConfig, Tag("external")],
    Discriminator(_driver),
]
InterfaceConfig = Annotated[
    Annotated[VirtualInterfaceConfig, Tag("virtual")]
    | Annotated[SoundCardConfig, Tag("soundcard")]
    | Annotated[ExternalConfig, Tag("external")],
    Discriminator(_driver),
]


class ExcerptConfig(Section):
    """A part of a dry guitar recording."""

    file: str
    """A mono WAV beside rig.yaml, or 'builtin:guitar-train' or 'builtin:guitar-holdout'."""
    start_s: Annotated[float, Field(ge=0)] = 0.0
    """Where the part begins."""
    length_s: Annotated[float, Field(gt=0.5, le=3600)] | None = None
    """How long it is; to the end where left out."""


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
    seeds: Annotated[int, Field(ge=2, le=1_000)] = 10
    """Of these, how many are spread over the whole knob space first."""
    batch: Annotated[int, Field(ge=1, le=100)] = 3
    """How many settings the ensemble asks for in each round."""
    holdouts: Annotated[int, Field(ge=1, le=200)] = 4
    """Settings that models are only ever tested on."""
    canary_every: Annotated[int, Field(ge=1, le=1_000)] = 8
    """Kept takes between two recordings of the reference setting."""
    rejects: Annotated[int, Field(ge=1, le=20)] = 3
    """Takes of one setting that may be rejected before it is given up."""
    until: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    """Time of day, HH:MM, when recording stops."""
    target_esr: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Stop once the holdout ESR is below this."""
    plateau_rounds: Annotated[int, Field(ge=2, le=100)] | None = None
    """Stop once so many rounds brought the holdout ESR down by less than a twentieth."""


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
    noise_rise_db: Positive = 12.0
    """The return's noise floor may rise by this much within a session."""


class LearnerConfig(Section):
    """The ensemble that decides what to record next."""

    architecture: Literal["wavenet", "lstm"] = "wavenet"
    """What each member is."""
    size: str = "feather"
    """WaveNet: standard, lite, feather or nano; LSTM: layers x units, such as 1x24."""
    members: Annotated[int, Field(ge=2, le=16)] = 4
    """Models in the ensemble."""
    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 150
    """Training steps in each round; the first round takes twice as many."""
    final_size: str = "standard"
    """Size of the model that is exported, in the same architecture."""
    final_steps: Annotated[int, Field(ge=1, le=10_000_000)] = 1_200
    """Training steps of the model that is exported."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where training runs; 'auto' takes CUDA, then MPS, then the CPU."""
    threads: Annotated[int, Field(ge=1, le=256)] | None = None
    """CPU threads; every core where left out."""

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        for key in ("size", "final_size"):
            _check_size(self.architecture, key, getattr(self, key))
        return self


def _check_size(architecture: str, key: str, size: str) -> None:
    if architecture == "wavenet" and size not in ("standard", "lite", "feather", "nano"):
        raise ValueError(f"{key}: a wavenet is standard, lite, feather or nano, not {size!r}")
    if architecture == "lstm":
        layers, _, units = size.partition("x")
        fits = layers.isdecimal() and units.isdecimal()
        if not fits or not (1 <= int(layers) <= 8 and 1 <= int(units) <= 512):
            raise ValueError(f"{key}: an lstm is layers x units, such as 1x24, not {size!r}")


def _wires_of(name: str, knob: KnobConfig) -> list[str]:
    """What a knob takes up, in words: two knobs may not share any of it."""
    if knob.cc14 is not None:
        return [f"CC {knob.cc14}", f"CC {knob.cc14 + 32}"]
    if knob.program is not None:
        return [f"program {knob.program + i}" for i in range(len(knob.switch or ()))]
    for way, number in knob.wires.items():
        return [f"{way.upper()} {number}"]
    return [f"control {knob.control or name}"]


class Config(Section):
    """A whole ``rig.yaml``."""

    name: Annotated[str, Field(pattern=r"^[\w][\w .-]{0,79}$")] = "first-capture"
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

    @field_validator("knobs")
    @classmethod
    def _distinct(cls, knobs: dict[str, KnobConfig]) -> dict[str, KnobConfig]:
        wires: dict[object, str] = {}
        for name, knob in knobs.items():
            if not name or not name.replace("_", "").replace("-", "").isalnum():
                raise ValueError(f"{name}: a knob's name is made of letters, digits, - and _")
            for wire in _wires_of(name, knob):
                if wire in wires:
                    raise ValueError(f"{name}: {wire} already moves the knob {wires[wire]}")
                wires[wire] = name
        return knobs

    @model_validator(mode="after")
    def _goal(self) -> Self:
        if self.plan.captures is None and self.plan.until is None and self.plan.target_esr is None:
            raise ValueError("plan.captures: without it, set plan.until or plan.target_esr")
        return self

    @property
    def panel(self) -> Panel:
        """The amp's knobs, in the order of the file."""
        return Panel(tuple(knob.knob(name) for name, knob in self.knobs.items()))

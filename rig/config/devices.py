"""The amp and the interface in ``rig.yaml``, a section for each built-in driver."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, ValidationInfo, model_validator

from rig.config.section import Home, Positive, Section, is_stored


class FaultConfig(Section):
    """Something that the virtual amp does wrong on purpose."""

    take: Annotated[int, Field(ge=1)]
    """Counted from when the devices were opened."""
    kind: Literal[
        "clipping", "dropout", "silence", "level", "unplugged", "flag", "stuck", "gone", "hang"
    ]
    """What goes wrong; 'level': the amp is suddenly quieter, 'unplugged': the loopback cable is
    pulled, 'flag': the driver reports a lost block."""
    takes: Annotated[int, Field(ge=1)] = 1
    """For how many takes (for 'gone': how many attempts to open it again fail)."""
    knob: str | None = None
    """Which control is stuck."""


class MiswiringConfig(Section):
    """A control of the virtual amp that is wired wrongly on purpose."""

    kind: Literal["dead", "shared", "swapped", "reversed"]
    """'shared': it turns the other knob's control; 'swapped': each turns the other's."""
    knob: str
    """Which knob."""
    other: str | None = None
    """The other knob, where there is one."""


class MidiAmpConfig(Section):
    """An amp whose knobs are set over MIDI."""

    driver: Literal["midi"]
    port: Annotated[str, Field(min_length=1)]
    """The output port's name as 'rig devices' lists it, or a part of it that only one port has; of
    several ports of one name, 'Amp #2' is the second in the list."""
    api: Literal["auto", "LINUX_ALSA", "UNIX_JACK", "MACOSX_CORE", "WINDOWS_MM"] = "auto"
    """The system's MIDI interface, where there is more than one."""
    channel: Annotated[int, Field(ge=1, le=16)] = 1
    """MIDI channel, counted from 1."""
    message_gap_s: Annotated[float, Field(ge=0.001, le=0.02)] = 0.005
    """Between two messages: a flood loses some."""
    settle_s: Annotated[float, Field(ge=0, le=10)] = 0.5
    """After the last message, until the knobs have stopped moving; after a program as well, before
    any controller is sent."""
    sends: Annotated[int, Field(ge=1, le=4)] = 2
    """How many times each controller is sent; a program is sent once."""
    approach: Literal["direct", "below", "afar"] = "direct"
    """'below': always from its lowest allowed value, for knobs with slack; 'afar': from the allowed
    end further away, for amps that ignore small changes."""


class VirtualAmpConfig(Section):
    """The built-in virtual amp."""

    driver: Literal["virtual"] = "virtual"
    preset: str = "tweed"
    """Which amplifier: 'tweed' (3 controls), 'british' (5), 'modern' (7), 'random-N': one of any
    number of amps drawn at random (7), or 'foreign-N': another kind, with 3 to 8 of its own."""
    warmup_db: Annotated[float, Field(ge=0, le=6)] = 0.0
    """How much louder it gets while it warms up."""
    warmup_s: Positive = 120.0
    """Seconds of playing until it is two thirds warm."""
    drift_db: Annotated[float, Field(ge=0, le=6)] = 0.0
    """How far its level wanders over an hour."""
    miswiring: tuple[MiswiringConfig, ...] = ()
    """What is wired wrongly."""
    along: MidiAmpConfig | None = None
    """A real amp whose knobs are set as well, while this one is heard: 'rig capture --rehearse'."""


class HandAmpConfig(Section):
    """An amp whose knobs somebody turns when asked to."""

    driver: Literal["hand"]


class ReplayAmpConfig(Section):
    """An amp of which there are recordings and nothing else; 'rig export --as data' writes this."""

    driver: Literal["replay"]
    settings: Annotated[tuple[tuple[float, ...], ...], Field(min_length=1, max_length=20_000)]
    """The only settings there are: a faceplate value for each knob, in the order of `knobs`; of a
    switch the number of its position, counted from 0."""


class _CalibratedConfig(Section):
    """What is known of an interface's voltages, for the model's metadata."""

    send_full_scale_dbu: Annotated[float, Field(ge=-60, le=40)] | None = None
    """Level of a sine at full scale as it leaves for the amp, in dBu."""
    return_full_scale_dbu: Annotated[float, Field(ge=-60, le=40)] | None = None
    """Level of a sine that comes back and reaches full scale, in dBu."""


class SoundCardConfig(_CalibratedConfig):
    """An audio interface with a loopback cable from one of its outputs to one of its inputs."""

    driver: Literal["soundcard"]
    input: str
    """The recording device's name as 'rig devices' lists it, or a part that only one device has."""
    output: str
    """The playing device's name, or a part of it."""
    host_api: str
    """Such as CoreAudio, ASIO, WASAPI, ALSA or JACK: a device may be listed under several."""
    sample_rate: Annotated[int, Field(ge=8_000, le=192_000)] = 48_000
    """Hz; the device must run at it."""
    exclusive: bool = True
    """Whether the device is rig's alone, where CoreAudio and WASAPI know of that: it is then set to
    the sample rate, and neither converted nor mixed with other programs."""
    block_frames: Annotated[int, Field(ge=0, le=16_384)] = 0
    """Frames per block; 0 leaves it to the device."""
    send_channel: Annotated[int, Field(ge=1, le=64)] = 1
    """The output that feeds the amp, counted from 1."""
    return_channel: Annotated[int, Field(ge=1, le=64)] = 1
    """The input that the amp comes back on."""
    loopback_send_channel: Annotated[int, Field(ge=1, le=64)] | None = None
    """The output that the loopback cable leaves from; the send's own, by a splitter, where left
    out."""
    loopback_channel: Annotated[int, Field(ge=1, le=64)] | None = None
    """The input that the loopback cable arrives on; leave out where there is none."""

    @model_validator(mode="after")
    def _cables(self, info: ValidationInfo) -> Self:
        # A session from before these were refused has to open.
        if is_stored(info):
            return self
        if self.loopback_channel is None and self.loopback_send_channel is not None:
            raise ValueError(
                "loopback_send_channel: no loopback_channel says where its cable arrives; name the "
                "input, or leave both out"
            )
        if self.loopback_channel == self.return_channel:
            raise ValueError(
                f"loopback_channel: input {self.return_channel} is where the amp comes back "
                "(return_channel); the loopback cable needs an input of its own"
            )
        return self


class VirtualInterfaceConfig(_CalibratedConfig):
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
    drift_ppm: Annotated[float, Field(ge=-1000, le=1000)] = 0.0
    """How much slower the clock of its input runs than that of its output."""
    crosstalk_db: Annotated[float, Field(ge=-200, le=0)] = -200.0
    """How much of the send gets into the return past the amp."""
    loopback: bool = True
    """Whether a loopback cable is patched."""
    paced: bool = False
    """Whether a take lasts as long as on a real sound card."""
    speed: Positive = 1.0
    """Of a paced take: 2 plays twice as fast as time."""
    seed: int = 0
    """Of its noise."""
    faults: tuple[FaultConfig, ...] = ()
    """What goes wrong, and when."""
    studio: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    """To rehearse: an awkward interface, drawn from this number, in place of the ideal one."""
    spoilt_share: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """With `studio`: how many of the takes something happens to, from a click to a stuck knob."""


class ReplayInterfaceConfig(_CalibratedConfig):
    """Recordings that are played back in place of an amp."""

    driver: Literal["replay"]
    takes: Annotated[str, Home]
    """A data set: a folder that 'rig export --as data' wrote, or one that 'rig import' reads;
    relative to where rig.yaml lies."""


class ExternalConfig(_CalibratedConfig):
    """A driver from another package."""

    driver: str
    """Its entry point's name."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Whatever the driver wants to know."""


#: Drivers with a section of their own; any other name is that of another package's driver.
BUILT_IN = ("virtual", "midi", "hand", "soundcard", "replay")


def _driver(value: Any) -> str:
    if isinstance(value, dict):
        driver = value.get("driver", "virtual")
    else:
        driver = getattr(value, "driver", "virtual")
    return driver if driver in BUILT_IN else "external"


AmpConfig = Annotated[
    Annotated[VirtualAmpConfig, Tag("virtual")]
    | Annotated[MidiAmpConfig, Tag("midi")]
    | Annotated[HandAmpConfig, Tag("hand")]
    | Annotated[ReplayAmpConfig, Tag("replay")]
    | Annotated[ExternalConfig, Tag("external")],
    Discriminator(_driver),
]
InterfaceConfig = Annotated[
    Annotated[VirtualInterfaceConfig, Tag("virtual")]
    | Annotated[SoundCardConfig, Tag("soundcard")]
    | Annotated[ReplayInterfaceConfig, Tag("replay")]
    | Annotated[ExternalConfig, Tag("external")],
    Discriminator(_driver),
]

"""What a real audio interface does to the send, the return and the loopback."""

from dataclasses import dataclass, field

import numpy as np
from scipy import signal

from rig.devices.virtual.studio.filters import (
    Signal,
    anti_alias_taps,
    coupled,
    decibels,
    group_delay_frames,
)
from rig.devices.virtual.studio.noise import NoiseFloor, floor_noise
from rig.devices.virtual.studio.timing import delayed

REFERENCE_HZ = 1000.0


@dataclass(frozen=True)
class Channel:
    """One way through the interface: an output, what hangs on it, and an input.

    Attributes:
        output_corner_hz: Corner of the output's coupling capacitor; 0 is coupled directly.
        input_corner_hz: Corner of the input's coupling capacitor; 0 is coupled directly.
        output_gain_db: Gain from full scale to what leaves the output.
        input_gain_db: Gain from what reaches the input to full scale.
        inverted: Whether the cable or the input turns the polarity over.
        offset: The converter's own DC at the input, as a part of full scale.
        noise: The input's noise floor.
    """

    output_corner_hz: float = 2.0
    input_corner_hz: float = 2.0
    output_gain_db: float = 0.0
    input_gain_db: float = 0.0
    inverted: bool = False
    offset: float = 0.0
    noise: NoiseFloor = field(default_factory=NoiseFloor)


@dataclass(frozen=True)
class Converter:
    """An audio interface with its two ways, which share one clock and one kind of low-pass.

    Attributes:
        returned: The way through the amp.
        loopback: The way through the cable, or None where there is none.
        low_pass_hz: Where the converters' low-pass is down by 3 dB.
        minimum_phase: Whether that low-pass is of least delay instead of linear phase.
        crosstalk_db: How much of each input's signal is heard on the other, in dB.
        bits: The resolution of the converters; the last bit is dithered.
        rate: Frames per second.
    """

    returned: Channel = field(default_factory=Channel)
    loopback: Channel | None = field(default_factory=Channel)
    low_pass_hz: float = 21000.0
    minimum_phase: bool = False
    crosstalk_db: float = -120.0
    bits: int = 24
    rate: int = 48000


@dataclass(frozen=True)
class Opening:
    """One opening of the stream: its buffers' delay, the same for both inputs.

    Attributes:
        delay_frames: The delay without what the low-pass adds, a fraction included.
        number: How many openings there were before.
    """

    delay_frames: float
    number: int = 0


def round_trip_frames(converter: Converter, opening: Opening) -> float:
    """The delay from send to loopback of a narrow band at 1 kHz, coupling left out."""
    taps, lead = anti_alias_taps(
        converter.low_pass_hz, converter.minimum_phase, converter.rate, 0.0
    )
    return opening.delay_frames - lead + group_delay_frames(taps, REFERENCE_HZ, converter.rate)


def sent(x: Signal, channel: Channel, rate: int) -> Signal:
    """What leaves an output for the amp or the cable."""
    return decibels(channel.output_gain_db) * coupled(x, channel.output_corner_hz, rate)


def arrived(x: Signal, channel: Channel, rate: int) -> Signal:
    """What stands at an input's converter: coupled, amplified, of the cable's polarity."""
    sign = -1.0 if channel.inverted else 1.0
    return sign * decibels(channel.input_gain_db) * coupled(x, channel.input_corner_hz, rate)


def late(x: Signal, converter: Converter, delay_frames: float) -> Signal:
    """A signal behind the converters' low-pass and the stream's buffers."""
    whole = int(np.floor(delay_frames))
    fraction = delay_frames - whole
    taps, lead = anti_alias_taps(
        converter.low_pass_hz, converter.minimum_phase, converter.rate, fraction
    )
    if whole < lead:
        raise ValueError(f"A stream of {delay_frames} frames is shorter than its low-pass.")
    filtered = signal.oaconvolve(x, taps)[: len(x)]
    # The low-pass has taken its lead of the delay already.
    return delayed(np.asarray(filtered, dtype=np.float64), whole - lead)


def crosstalked(returned: Signal, loopback: Signal, crosstalk_db: float) -> tuple[Signal, Signal]:
    """Two inputs of which each hears a little of the other."""
    leak = decibels(crosstalk_db)
    return returned + leak * loopback, loopback + leak * returned


def digitised(
    x: Signal, channel: Channel, converter: Converter, rng: np.random.Generator
) -> Signal:
    """What an input's converter writes: offset, noise, dither, steps and a ceiling."""
    noisy = x + channel.offset + floor_noise(channel.noise, len(x), converter.rate, rng)
    return quantised(noisy, converter.bits, rng)


def recorded(
    send: Signal,
    analogue: Signal,
    converter: Converter,
    opening: Opening,
    rngs: tuple[np.random.Generator, np.random.Generator],
) -> tuple[Signal, Signal | None]:
    """What both inputs write of a take: the return, and the loopback where there is a cable.

    Args:
        send: What was played, `(frames,)`.
        analogue: What the amp put out.
        converter: The interface.
        opening: Its present opening.
        rngs: What the noise of the return and that of the loopback are drawn from.
    """

    def behind(x: Signal, channel: Channel) -> Signal:
        """Behind an input's coupling and gain, the low-pass and the buffers."""
        return late(arrived(x, channel, converter.rate), converter, opening.delay_frames)

    back, cable = behind(analogue, converter.returned), converter.loopback
    if cable is None:
        return digitised(back, converter.returned, converter, rngs[0]), None
    looped = behind(sent(send, cable, converter.rate), cable)
    back, looped = crosstalked(back, looped, converter.crosstalk_db)
    returned = digitised(back, converter.returned, converter, rngs[0])
    return returned, digitised(looped, cable, converter, rngs[1])


def quantised(x: Signal, bits: int, rng: np.random.Generator) -> Signal:
    """A signal in steps of so many bits, with triangular dither, clipped at full scale."""
    steps = 2.0 ** (bits - 1)
    # Two draws make a triangle: its noise is as loud whatever the signal does.
    dither = rng.random(len(x)) - rng.random(len(x))
    # Two's complement has one step less above zero than below.
    return np.asarray(np.clip(np.round(x * steps + dither), -steps, steps - 1.0) / steps)

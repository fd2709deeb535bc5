"""From a knob's faceplate value to the MIDI messages that set it.

Source: MIDI 1.0 Detailed Specification (controllers 0-31 with 32-63 as their fine halves; NRPN by
controllers 99, 98, 6 and 38).
"""

from mido import Message

from rig.config import KnobConfig

NRPN_COARSE, NRPN_FINE, DATA_COARSE, DATA_FINE = 99, 98, 6, 38
FINE_OFFSET = 32


def _control(channel: int, number: int, value: int) -> Message:
    return Message("control_change", channel=channel, control=number, value=value)


def messages(knob: KnobConfig, value: float, channel: int) -> list[Message]:
    """The messages that set a knob.

    Args:
        knob: With exactly one way to set it over MIDI.
        value: In faceplate units.
        channel: Counted from 0.
    """
    if knob.program is not None:
        # Sent as it is counted in the file, from 0: what an amp shows as 1 is usually program 0.
        return [Message("program_change", channel=channel, program=knob.program + round(value))]
    sent = knob.sent(value)
    if knob.cc is not None:
        return [_control(channel, knob.cc, sent)]
    coarse, fine = divmod(sent, 128)
    if knob.cc14 is not None:
        parts = [(knob.cc14, coarse), (knob.cc14 + FINE_OFFSET, fine)]
    else:
        assert knob.nrpn is not None
        high, low = divmod(knob.nrpn, 128)
        parts = [(NRPN_COARSE, high), (NRPN_FINE, low), (DATA_COARSE, coarse), (DATA_FINE, fine)]
    return [_control(channel, number, part) for number, part in parts]

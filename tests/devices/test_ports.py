"""The port that a name means: whatever the system adds to it, that one, or none, never another."""

from collections.abc import Sequence

import pytest
import rtmidi
from hypothesis import given
from hypothesis import strategies as st
from mido import Message

from rig.devices.midi.named import WINDOWS
from rig.devices.midi.ports import OutputPort, find_port
from rig.devices.names import distinct
from rig.errors import DeviceGone


@pytest.mark.parametrize(
    ("wanted", "listed", "found"),
    [
        ("Amp 28:0", ["Through 14:0", "Amp 28:0"], "Amp 28:0"),
        ("Amp 28:0", ["Through 14:0", "Amp 32:0"], "Amp 32:0"),
        ("amp", ["Through 14:0", "Grand Amp MIDI 1"], "Grand Amp MIDI 1"),
        ("Amp", ["Amp", "Amp Two"], "Amp"),
        ("Bus 2", ["Bus 1", "Bus 2"], "Bus 2"),
        ("Bus 2", ["Bus 1 20:0", "Bus 2 24:0"], "Bus 2 24:0"),
        ("bus 2", ["Bus 1", "Bus 2"], "Bus 2"),
        ("Bus 2 24:0", ["Bus 2 24:0", "Bus 2 28:0"], "Bus 2 24:0"),
        ("JCM 800", ["JCM 900", "My JCM 800 amp"], "My JCM 800 amp"),
        ("Amp #2", ["Amp #2", "Amp", "Amp"], "Amp #2"),
        (
            "a2j:Amp [20] (playback): Amp MIDI 1",
            ["a2j:Amp [24] (playback): Amp MIDI 1"],
            "a2j:Amp [24] (playback): Amp MIDI 1",
        ),
    ],
)
def test_a_port_is_found_by_its_name(wanted: str, listed: list[str], found: str) -> None:
    assert listed[find_port(wanted, listed)] == found


@pytest.mark.parametrize(
    ("wanted", "listed"),
    [
        ("amp", []),
        ("amp", ["Through 14:0"]),
        ("amp", ["Amp One 1:0", "Amp Two 2:0"]),
        ("Bus 2", ["Bus 1"]),
        ("USB MIDI 1", ["USB MIDI 2"]),
        ("JCM 800", ["JCM 900"]),
        ("Bus 1", ["Bus 12"]),
        ("Bus", ["Bus 2"]),
        ("Amp 2", ["Amp 2:0"]),
        ("20:0", ["Bus 20:0"]),
        ("system:midi_playback_1", ["system:midi_playback_2"]),
        ("Amp #3", ["Amp", "Amp"]),
        ("Amp #1", ["Amp"]),
    ],
)
def test_a_port_that_is_not_certain_is_not_opened(wanted: str, listed: list[str]) -> None:
    with pytest.raises(DeviceGone):
        find_port(wanted, listed)


@pytest.mark.parametrize("listed", [["Amp", "Amp"], ["Amp 20:0", "Amp 24:0"]])
def test_two_ports_of_one_name_are_told_apart_by_a_number(listed: list[str]) -> None:
    with pytest.raises(DeviceGone, match="write 'Amp #1' for the first of them"):
        find_port("Amp", listed)
    assert [find_port(f"Amp #{place}", listed) for place in (1, 2)] == [0, 1]


@pytest.mark.parametrize(
    ("wanted", "listed", "found"),
    [
        ("Bus 2 1", ["Bus 1 0", "Bus 2 1"], 1),
        ("Bus 2 1", ["Bus 2 0", "Bus 1 1"], 0),
        ("Bus 2", ["Bus 1 0", "Bus 2 1"], 1),
        ("JCM 800", ["JCM 900 0", "JCM 800 1"], 1),
        ("USB MIDI 1", ["Wavetable 0", "Other 1", "USB MIDI 2"], 2),
    ],
)
def test_windows_numbers_ports_by_their_place(wanted: str, listed: list[str], found: int) -> None:
    assert find_port(wanted, listed, WINDOWS) == found


@pytest.mark.parametrize(
    ("wanted", "listed"),
    [("Bus 2", ["Bus 1 0"]), ("JCM 800", ["JCM 900 0"]), ("Bus 2", ["Bus 0", "Bus 2 1"])],
)
def test_windows_own_number_is_not_taken_for_the_users(wanted: str, listed: list[str]) -> None:
    with pytest.raises(DeviceGone):
        find_port(wanted, listed, WINDOWS)


#: Names that people give, many of which end in a number of their own.
NAMES = st.lists(
    st.builds(
        "{}{}".format,
        st.sampled_from(["Bus", "JCM", "Amp:Amp MIDI", "USB MIDI", "Bus 1"]),
        st.sampled_from(["", " 0", " 1", " 2", " 12", " 800", " 900"]),
    ),
    min_size=1,
    max_size=5,
    unique=True,
)


def as_numbered(names: Sequence[str], api: str, numbers: Sequence[int]) -> list[str]:
    """The list as a system shows it."""
    if api == WINDOWS:
        return [f"{name} {place}" for place, name in enumerate(names)]
    if api == "LINUX_ALSA":
        pairs = zip(names, numbers, strict=False)
        return [f"{name} {number}:0" for name, number in pairs]
    return list(names)


@given(st.data(), st.sampled_from(["LINUX_ALSA", "MACOSX_CORE", "UNIX_JACK", WINDOWS]))
def test_however_ports_are_numbered_the_right_one_is_found_or_none(
    data: st.DataObject, api: str
) -> None:
    before, after = data.draw(NAMES), data.draw(NAMES)
    numbers = st.lists(st.integers(14, 200), min_size=5, max_size=5, unique=True)
    listed = as_numbered(before, api, data.draw(numbers))
    place = data.draw(st.integers(0, len(before) - 1))
    wanted = data.draw(st.sampled_from([listed[place], before[place]]))
    now = as_numbered(after, api, data.draw(numbers))
    try:
        found = after[find_port(wanted, now, api)]
    except DeviceGone:
        return
    # Windows' number may be the user's own or the place of some other day: both are whole names.
    whole = {before[place].lower(), wanted.lower()}
    bare = wanted.rsplit(" ", 1)[0].lower() if api == WINDOWS else ""
    assert found.lower() in {*whole, bare}


@given(NAMES, st.sampled_from(["LINUX_ALSA", "MACOSX_CORE", "UNIX_JACK", WINDOWS]))
def test_what_is_listed_is_found_as_it_is_listed(names: list[str], api: str) -> None:
    listed = as_numbered(names, api, range(20, 40))
    assert [find_port(name, listed, api) for name in listed] == list(range(len(listed)))


@given(st.lists(st.sampled_from(["Amp", "Bus 1", "Bus"]), min_size=1, max_size=6))
def test_ports_of_one_name_are_found_as_they_are_told_apart(names: list[str]) -> None:
    assert [find_port(name, names) for name in distinct(names)] == list(range(len(names)))


class FakeOut:
    """RtMidi's output, over a list of ports that the test changes."""

    listed: list[str]

    def __init__(self, _api: int = 0) -> None:
        self.opened: int | None = None
        self.heard: list[list[int]] = []

    def get_ports(self) -> list[str]:
        return list(FakeOut.listed)

    def get_current_api(self) -> int:
        return 0

    def open_port(self, place: int) -> None:
        self.opened = place

    def send_message(self, message: list[int]) -> None:
        self.heard.append(message)

    def close_port(self) -> None:
        self.opened = None

    def delete(self) -> None:
        pass


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> OutputPort:
    monkeypatch.setattr(rtmidi, "MidiOut", FakeOut)
    FakeOut.listed = ["Amp", "Other", "Amp"]
    return OutputPort("Amp #2", "auto")


def test_the_second_of_one_name_is_the_one_that_is_opened(port: OutputPort) -> None:
    port.open()
    port.refuse_absence()
    port.send(Message("control_change", control=20, value=3))
    assert port._out.opened == 2
    assert port._out.heard == [[0xB0, 20, 3]]


@pytest.mark.parametrize("left", [["Amp", "Other"], ["Other"], []])
def test_a_namesake_that_went_away_may_have_been_ours(port: OutputPort, left: list[str]) -> None:
    port.open()
    FakeOut.listed = left
    with pytest.raises(DeviceGone, match="went away"):
        port.refuse_absence()
    with pytest.raises(DeviceGone):
        port.open()


def test_a_port_that_was_never_opened_or_is_closed_takes_nothing(port: OutputPort) -> None:
    with pytest.raises(DeviceGone):
        port.refuse_absence()
    port.open()
    port.close()
    port.close()
    with pytest.raises(DeviceGone):
        port.refuse_absence()

"""A file that is changed keeps its comments, and every key that nobody asked about."""

from pathlib import Path

import pytest

from rig import config as configuration
from rig import data
from rig.devices import drivers
from rig.errors import ConfigError, UsageError
from rig.guide import reading, writing
from tests.guide.person import converse

ROOT = Path(__file__).parents[2]
MINE = """\
# My amp, and nobody else's.
name: 'my amp'     # quoted by hand
seed: 7

amp:               # on the shelf
  driver: midi
  port: "The Amp"
  approach: below  # its gears have slack

interface: {driver: soundcard, host_api: ALSA, input: hw:1, output: hw:1, block_frames: 256}

knobs:
  Gain: {cc: 20, limits: [0, 9], avoid: [[4, 5]], settle_s: 2}   # scratches
  # the second
  boost:
    switch: [off, on]
    cc: 60

plan:
  until: 07:00     # before the neighbours wake
  odd_takes: 9

presets:
  clean: {Gain: 2}
notify: {on_alarm: [call, me]}
"""


def test_enter_through_all_of_it_changes_not_one_sign() -> None:
    text, person = converse(before=MINE)
    assert text == MINE
    assert "[my amp] > " in person.transcript
    assert "[off/on, cc 60] > " in person.transcript


@pytest.mark.parametrize("path", sorted(ROOT.glob("**/rig*.yaml")), ids=str)
def test_files_of_ours_stay_as_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    config = configuration.parse(text)
    if config.amp.driver in ("virtual", "midi", "hand"):
        assert converse(before=text)[0] == text


def test_what_is_changed_is_changed_and_the_rest_is_kept() -> None:
    at = {
        "What shall the session": ["other amp"],
        "Which MIDI port": ["Else"],
        "sample rate": ["96000"],
        "Gain: its range": ["0-10, cc 21, limits 0-8"],
        "When has it": ["none"],
        "Which knobs": ["gain, Presence"],
        "Presence: its range": ["0-10, cc 22, rest 5"],
        "something is wrong": ["none"],
    }
    text, _ = converse(before=MINE, at={**at, "presence: its range": ["cc 22, rest 5"]})
    config = configuration.parse(text, check=drivers.problems)
    assert config.name == "other amp"
    assert config.amp.port == "Else"  # type: ignore[union-attr]
    assert config.amp.approach == "below"  # type: ignore[union-attr]
    assert config.interface.sample_rate == 96_000  # type: ignore[union-attr]
    assert config.interface.block_frames == 256  # type: ignore[union-attr]
    assert list(config.knobs) == ["Gain", "presence"]
    gain = config.knobs["Gain"]
    assert (gain.cc, gain.limits, gain.avoid, gain.settle_s) == (21, (0, 8), ((4, 5),), 2)
    assert (config.plan.until, config.plan.odd_takes) == (None, 9)
    assert config.presets == {"clean": {"Gain": 2}}
    assert config.notify.on_alarm == ()
    for comment in ("# My amp, and nobody", "# on the shelf", "# its gears have", "# scratches"):
        assert comment in text


def test_another_kind_of_amp_takes_the_old_keys_away() -> None:
    text, _ = converse("hand", before=MINE)
    config = configuration.parse(text, check=drivers.problems)
    assert config.amp.driver == "hand"
    assert "approach" not in text
    assert "# My amp, and nobody else's." in text


def test_another_amp_is_not_called_like_the_one_before_and_has_its_own_knobs() -> None:
    then = {"come back?": ["Card"]}
    text, _ = converse("hand", "Own", "Amp", before=data.default_config(), then=then)
    config = configuration.parse(text, check=drivers.problems)
    assert config.name == "own-amp"
    assert list(config.knobs) == ["gain", "bass", "middle", "treble", "volume"]
    text, _ = converse("", "iridium", before=MINE.partition("presets:")[0])
    config = configuration.parse(text, check=drivers.problems)
    assert config.name == "strymon-iridium"
    assert list(config.knobs) == ["drive", "level", "bass", "middle", "treble"]
    assert config.plan.odd_takes == 9


def test_what_goes_with_no_answer_is_left_to_who_wrote_it() -> None:
    with pytest.raises(ConfigError, match=r"presets.clean.Gain: there is no knob"):
        converse("", "iridium", before=MINE)


def test_an_amp_named_in_the_command_has_its_own_knobs_too() -> None:
    given = {"amp.kind": "midi", "amp.map": "marshall-code"}
    text, _ = converse(before=MINE.replace("Gain:", "gain:").replace("{Gain", "{gain"), given=given)
    assert configuration.parse(text).knobs["gain"].cc == 70


def test_what_the_guide_does_not_ask_about_is_not_changed_by_it() -> None:
    replayed = MINE.replace("driver: midi", "driver: replay")
    with pytest.raises(UsageError, match="plays recordings back"):
        reading.answers_of(replayed, "rig.yaml")


def test_yaml_that_cannot_be_changed_in_place_is_refused_in_a_line() -> None:
    with pytest.raises(ConfigError, match="cannot be changed in place"):
        writing.changed("name: [\n", {"name": "a"})


SHARED = """
name: p
amp: {driver: hand}
knobs:
  master: &m {range: [0, 10], limits: [0, 4], rest: 0}
  presence: *m
  depth: {<<: *m, rest: 1}
"""


@pytest.mark.parametrize("knob", ["master", "presence", "depth"])
def test_what_stands_for_two_places_is_not_changed_in_one(knob: str) -> None:
    """A limit was put into another knob, or nowhere, and 'written' said of it."""
    as_it_is: dict[str, dict[str, object] | None] = dict.fromkeys(("master", "presence", "depth"))
    wanted = {
        "name": "p",
        "amp": {"driver": "hand"},
        "interface": {"driver": "virtual"},
        "plan": {},
    }
    wanted |= {"gear": {}, "notify": {}, "knobs": as_it_is}
    assert writing.changed(SHARED, wanted, "my.yaml") == SHARED
    changed = as_it_is | {knob: {"range": [0, 10], "limits": [0, 3], "rest": 0}}
    with pytest.raises(ConfigError, match=r"^my.yaml: line 6: '\*m' stands for what is written at"):
        writing.changed(SHARED, wanted | {"knobs": changed}, "my.yaml")


def test_words_that_yaml_reads_as_something_else_are_quoted() -> None:
    text, _ = converse(
        *("hand", "off", "1e3", "", "07 amp", "", "0x1F", "null"),
        at={"When has it": ["07:00"], "gain: its range": ["0/1/off, rest 0"]},
    )
    config = configuration.parse(text, check=drivers.problems)
    assert (config.gear.make, config.gear.model) == ("off", "1e3")
    assert config.interface.host_api == "0x1F"  # type: ignore[union-attr]
    assert config.interface.input == "null"  # type: ignore[union-attr]
    assert config.plan.until == "07:00"
    assert config.knobs["gain"].switch == ("0", "1", "off")


def test_a_fresh_file_says_where_its_knob_map_is_from_and_what_each_key_means() -> None:
    text, _ = converse("midi", "pod-2", at={"come back?": ["Card"]})
    assert "# Verified: by way of" in text
    assert "# MIDI channel, 1 to 16" in text
    assert "gear: {make: Line 6, model: POD 2.0, type: amp_cab}" in text
    assert all(len(line) <= 120 for line in text.splitlines())
    assert converse(before=text)[0] == text
    assert data.default_config().partition("\n")[0] in text

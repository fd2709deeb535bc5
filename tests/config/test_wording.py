"""What is wrong with a value, in words that nobody has to be a programmer for."""

from pathlib import Path

import pytest

from rig import config as configuration
from rig.config import wording
from rig.devices import drivers
from rig.errors import ConfigError

KNOBS = "knobs: {gain: {}}\n"


def refused(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        configuration.parse(text)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("knobs: {gain: {step: x}}", "knobs.gain.step: has to be a number, such as 2 or 0.5 (it"),
        ("knobs: {gain: {rest: [2]}}", "knobs.gain.rest: has to be a number, such as 2 or 0.5"),
        ("knobs: {gain: {range: [5]}}", "knobs.gain.range.1: is missing: the list is too short"),
        ("knobs: {gain: {cc: 20, send: [1, 2, 3]}}", "knobs.gain.send: takes at most 2 entries"),
        ("knobs: {}", "knobs: holds nothing"),
        ("knobs: 3", "knobs: has to hold keys and values, such as {gain: {range: [0, 10]}}"),
        ("knobs: {int: 5}", "knobs.int: has to hold keys and values, such as {range: [0, 10]}"),
        ("knobs: {gain: {avoid: [[1]]}}", "knobs.gain.avoid.0: has to be a number"),
        ("knobs: {0-10: {}}", "knobs.0-10: a knob's name needs a letter, such as gain"),
        (KNOBS + "plan: {captures: 2.5}", "plan.captures: has to be a whole number (it is 2.5)"),
        (KNOBS + "plan: {looks: maybe}", "plan.looks: has to be true or false (it is 'maybe')"),
        (KNOBS + "notify: {on_alarm: me}", "notify.on_alarm: has to be a list in brackets, such"),
        (KNOBS + "amp: {driver: midi}", "amp.port: is missing"),
        (KNOBS + "amp: {driver: midi, port: ''}", "amp.port: holds nothing (it is '')"),
        (
            KNOBS
            + "interface: {driver: virtual, sample_rate: 8000}\nsignal: {tones_hz: [82, 5e3]}",
            "signal.tones_hz: 5000 Hz cannot be played at 8000 Hz",
        ),
        (KNOBS + "signal: {peak_dbfs: 1}", "signal.peak_dbfs: has to be at most 0 (it is 1)"),
        (KNOBS + "learner: {device: gpu}", "learner.device: has to be 'auto', 'cpu', 'cuda' or"),
    ],
)
def test_each_kind_of_mistake_is_said_plainly_and_once(text: str, said: str) -> None:
    (only,) = refused(text)
    assert only.startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plan: {strategy: lhs-corners}", "plan.strategy: ; did you mean 'lhs+corners'?"),
        ("plan: {strategy: LHS_corners}", "plan.strategy: ; did you mean 'lhs+corners'?"),
        ("learner: {device: gpu}", "learner.device: ; did you mean 'cuda'?"),
        ("learner: {size: feathr}", "learner.size: ; did you mean 'feather'?"),
        ("learner: {steps: 1e3}", "learner.steps: ; such as 1000"),
        ("seed: 8,000", "seed: ; such as 8000"),
        ("signal: {peak_dbfs: '-1,5'}", "signal.peak_dbfs: ; such as -1.5"),
        ("plan:", "plan: {captures: 19} (nothing stands there)"),
        ("gear: {type: amplifier}", "gear.type: ; did you mean 'amp'?"),
        ("interface: {faults: [{take: 1, kind: clip}]}", "interface.faults.0.kind: 'clipping'?"),
        ("notify: {on_finish: notify-me}", "notify.on_finish: such as [notify-me]"),
        ("notify: {on_finish: a --loud}", "notify.on_finish: such as [a, --loud]"),
        ("signal: {tones_hz: 82}", "signal.tones_hz: such as [82]"),
        ("signal: {train: a.wav}", "signal.train: such as {file: a.wav}"),
        ("amp: hand", "amp: such as {driver: hand}"),
        ("amp: [1]", "amp: such as {driver: virtual}"),
        ("interface: sound-card", "interface: such as {driver: soundcard}"),
        ("foot_switch: cc 64", "foot_switch: such as {done: cc 64}"),
        ("foot_switch: {done: cc 200}", "foot_switch.done: not 'cc 200'"),
        ("plan: 5", "plan: such as {captures: 19}"),
        ("presets: {a: 5}", "presets.a: such as {gain: 5}"),
    ],
)
def test_what_would_fit_is_named_with_what_was_typed(text: str, said: str) -> None:
    (only,) = refused(KNOBS + text)
    key, _, end = said.partition(" ")
    assert only.startswith(f"{key} ")
    assert end in only
    # What was typed is told once.
    assert "'cc 200' (it is" not in only


@pytest.mark.parametrize(
    ("knob", "example"),
    [
        ("5", "{range: [0, 10]}"),
        ("[2, 8.5]", "{range: [2, 8.5]}"),
        ("[2, 8, 9]", "{range: [0, 10]}"),
        ("1-12", "{range: [1, 12]}"),
        ("{range: 1-12}", "[1, 12]"),
        ("{limits: 5}", "[0, 10]"),
        ("{switch: off/on}", "[off, on]"),
    ],
)
def test_a_knob_is_told_as_it_has_to_be_written(knob: str, example: str) -> None:
    (said,) = refused(f"knobs: {{gain: {knob}}}")
    assert f", such as {example}" in said


def test_what_a_validator_may_say_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mistake of a hostile file has words of ours: none of them is a validator's own."""
    text = (
        "knobs: {a: {range: 1, step: [], switch: [1, 2], cc: x, send: [a, b], avoid: [x, [1]]}}\n"
        "seed: 1e300\nplan: {seeds: [], until: 7, target_esr: 1}\nsignal: {tones_hz: {}}\n"
        "gear: {make: '', type: 3}\npresets: {a: 1}\nnotify: {on_finish: [1]}\nlearner: {size: 1}"
    )
    found: list[str] = []
    monkeypatch.setattr(wording, "WORDS", _Listening(wording.WORDS, found))
    assert refused(text)
    assert not found


class _Listening(dict[str, str]):
    """A table that notes what is looked for in it and not there."""

    def __init__(self, words: dict[str, str], missing: list[str]) -> None:
        super().__init__(words)
        self._missing = missing

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        if key not in self and key != "value_error":
            self._missing.append(key)
        return super().get(key, default)


def test_home_is_known_in_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Of both, so that it is the same on every system.
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    text = KNOBS + "signal: {train: {file: ~/di.wav}}\nnotify: {on_finish: [~/call, it~/is]}"
    config = configuration.parse(text)
    assert config.signal.train.file == f"{tmp_path}/di.wav"
    assert config.notify.on_finish == (f"{tmp_path}/call", "it~/is")
    assert config.signal.holdout.file == "builtin:guitar-holdout"


def test_a_misspelt_driver_is_one_mistake() -> None:
    """By another driver everything else in its section was wrong, too."""
    text = KNOBS + "amp: {driver: vrtual, preset: tweed, warmup_db: 2}"
    assert refused(text) == ["amp.driver: there is no 'vrtual'; did you mean 'virtual'?"]
    (said,) = refused("knobs: {gain: {rest: up}}")
    assert said == "knobs.gain.rest: 'up' is no number, and the knob is no switch"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        # By another driver nothing in the section, nor what goes with it, can be judged.
        (
            "amp: {driver: midii, x: 1}\nknobs: {gain: {range: 5}}\nplan: {captures: 0}\n"
            "presets: {lead: {foo: 2}}",
            ["amp.driver", "knobs.gain.range", "plan.captures", "presets.lead.foo"],
        ),
        (
            "interface: {driver: soundcrd, x: 1}\nknobs: {fuzz: {}}\nname: a/b",
            ["interface.driver", "name", "knobs.fuzz"],
        ),
        (
            "amp: {driver: midii}\nknobs: {a: {}}\ninterface: {faults: [{take: 1, kind: stuck}]}",
            ["amp.driver", "interface.faults.0.knob"],
        ),
        ("amp: hand\nknobs: {fuzz: {}}\npresets: {a: {b: 1}}", ["amp", "presets.a.b"]),
        # Its port is missing, and it is an amp over MIDI all the same.
        (
            "amp: {driver: midi}\nknobs: {gain: {}}",
            ["amp.port", "knobs.gain", "interface.driver"],
        ),
        ("plan: {captures: null}", ["knobs", "plan.captures"]),
        (
            "knobs: {gain: {}}\npresets: {a/b: {mid: up, gain: 99}, 'ö ä': {}}",
            ["presets.a/b", "presets.a/b.mid", "presets.a/b.gain", "presets.ö ä"],
        ),
        (
            "amp: {driver: midi, port: M}\nknobs: {a b: {cc: 2}, c d: {}, e: {cc: 2}, f: {cc: 0}, "
            "s: {switch: [x, y], program: 3}}",
            ["knobs.a b", "knobs.c d", "knobs.e", "knobs.f.cc", "interface.driver"],
        ),
        # Another mistake's key is an English word.
        (
            "name: a/b\nknobs: {gain: {}}\nsignal: {train: {file: [1]}}\npresets: {'': {}}",
            ["name", "signal.train.file", "presets."],
        ),
        # By what is meant there these may fit.
        ("knobs: {gain: {range: [0, x], rest: 11}}", ["knobs.gain.range.1"]),
        ("knobs: {gain: {}}\nlearner: {architecture: lsmt, size: 1x9}", ["learner.architecture"]),
        ("knobs: {gain: {range: [0, x]}}\npresets: {a: {gain: 11}}", ["knobs.gain.range.1"]),
    ],
)
def test_one_mistake_hides_no_other(text: str, keys: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        configuration.parse(text, check=drivers.problems)
    said = [line.strip().partition(": ")[0] for line in str(caught.value).splitlines()[1:]]
    assert [key for key in said if not key.startswith("knobs.gain: ")] == keys


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"is a folder; 'rig capture --session .*' goes on with a session"
    ):
        configuration.load(tmp_path)

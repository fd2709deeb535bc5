"""What is wrong with a value, in words that nobody has to be a programmer for."""

from pathlib import Path

import pytest

from rig import config as configuration
from rig.config import wording
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
        ("knobs: 3", "knobs: has to hold keys and values, such as {key: value}"),
        ("knobs: {0-10: {}}", "knobs.0-10: a knob's name needs a letter, such as gain"),
        (KNOBS + "plan: {captures: 2.5}", "plan.captures: has to be a whole number (it is 2.5)"),
        (KNOBS + "plan: {looks: maybe}", "plan.looks: has to be true or false (it is 'maybe')"),
        (KNOBS + "notify: {on_alarm: me}", "notify.on_alarm: has to be a list in brackets, such"),
        (KNOBS + "amp: {driver: midi}", "amp.port: is missing"),
        (KNOBS + "signal: {peak_dbfs: 1}", "signal.peak_dbfs: has to be at most 0 (it is 1)"),
        (KNOBS + "learner: {device: gpu}", "learner.device: has to be 'auto', 'cpu', 'cuda' or"),
    ],
)
def test_each_kind_of_mistake_is_said_plainly_and_once(text: str, said: str) -> None:
    (only,) = refused(text)
    assert only.startswith(said)


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


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder; a session goes on by --session"):
        configuration.load(tmp_path)

"""A configuration as commands load it that play: recordings are judged with it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rig.cli.loading import loaded
from rig.cli.rehearse import rehearsed
from rig.daemon.request import CommandLine, decide
from rig.devices import drivers
from rig.errors import ConfigError

TEXT = """
knobs: {gain: {ramp_s: -1}}
plan: {captures: 0}
signal: {train: {file: a.wav}, holdout: {file: b.wav}}
presets: {lead: {mid: 2}}
"""


def rehearse(file: Path) -> None:
    with rehearsed(CommandLine(config=file)):
        pass


@pytest.mark.parametrize(
    "load",
    [
        lambda file: loaded(file, drivers.problems),
        lambda file: decide(CommandLine(config=file), drivers.problems),
        rehearse,
    ],
    ids=["check", "capture", "rehearse"],
)
def test_recordings_are_judged_with_all_the_rest(
    load: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They came when all the rest was mended, without the line that counts the mistakes."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "rig.yaml"
    file.write_text(TEXT, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file)
    first, *more = str(caught.value).splitlines()
    assert first == f"{file}: 5 mistakes"
    keys = ["knobs.gain.ramp_s", "plan.captures", "presets.lead.mid", "signal.train.file"]
    said = [line.strip().partition(": ")[0] for line in more]
    assert sorted(said) == sorted([*keys, "signal.holdout.file"])

"""``rig capture --rehearse``: somebody's own rig.yaml on the virtual amp, and nothing left."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from rig import config as configuration
from rig import data
from rig.cli import capture, common, rehearse
from rig.config import SoundCardConfig, VirtualAmpConfig, VirtualInterfaceConfig
from rig.config.rehearsal import rehearsal
from rig.daemon.request import CommandLine
from rig.devices.survey import MidiPort, Survey
from rig.errors import Stopped

#: Answers the question it is called for, as somebody would from another terminal.
ANSWER = """
import os, subprocess, sys
open(sys.argv[1], "a").write(os.environ["RIG_REASON"] + chr(10))
words = [sys.executable, "-m", "rig", "done", os.environ["RIG_SESSION"]]
while subprocess.run(words, stderr=subprocess.DEVNULL).returncode:
    pass
"""
HANDS = """
name: böser amp
amp: {driver: hand}
interface: {driver: soundcard, input: nowhere, output: nowhere, host_api: none}
knobs:
  Volume: {range: [0, 10], step: 1, limits: [2, 9]}
  channel: {switch: [clean, lead]}
"""
MIDI = """
amp: {driver: midi, port: Synth, channel: 3}
interface: {driver: soundcard, input: a, output: b, host_api: ALSA, sample_rate: 44100}
knobs:
  gain: {cc: 20, limits: [0, 9], rest: 2}
  mystery: {cc: 21}
signal: {train: {file: takes/di.wav, channel: left}, holdout: {file: "builtin:guitar-holdout"}}
plan: {captures: 40, until: 07:00}
"""


def rehearsed(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "rig", "capture", "--rehearse", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_hands_are_asked_though_no_device_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary files"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    call = [sys.executable, "-c", ANSWER, str(tmp_path / "calls.txt")]
    text = f"{HANDS}notify: {{on_hands: {json.dumps(call)}}}\n"
    (tmp_path / "rig.yaml").write_text(text, encoding="utf-8")
    done = rehearsed(tmp_path, "--headless")
    assert done.returncode == 0, done.stderr
    assert "4 of 4 captures" in done.stdout
    assert "nothing of it was kept" in done.stdout
    assert "goes on from here" not in done.stdout
    assert "the report is made" not in done.stdout
    calls = (tmp_path / "calls.txt").read_text(encoding="utf-8").splitlines()
    assert len(calls) >= 4
    assert any("Volume to " in call for call in calls)
    assert {path.name for path in tmp_path.iterdir()} == {
        "rig.yaml",
        "calls.txt",
        "temporary files",
    }
    assert not list(place.glob("rig-*"))


def test_what_is_rehearsed_is_somebodys_own(tmp_path: Path) -> None:
    given = configuration.parse(MIDI)
    short = configuration.parse(rehearsal(given, tmp_path))
    assert isinstance(given.interface, SoundCardConfig)
    assert isinstance(short.amp, VirtualAmpConfig)
    assert isinstance(short.interface, VirtualInterfaceConfig)
    assert short.amp.along == given.amp
    assert short.interface.sample_rate == 44_100
    assert short.panel.knobs == given.panel.knobs
    assert short.plan.until == "07:00"
    assert short.plan.captures == 4
    assert short.signal.train.file == str(tmp_path.resolve() / "takes" / "di.wav")
    assert short.signal.train.channel == "left"


def test_an_amp_that_is_not_plugged_in_is_rehearsed_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """rig init names the rehearsal before anything is plugged in, and it failed there."""
    path = tmp_path / "rig.yaml"
    path.write_text(MIDI.partition("signal:")[0], encoding="utf-8")
    port = configuration.parse(MIDI).amp.port  # type: ignore[union-attr]
    no_midi = "MIDI ports cannot be listed: no sequencer"
    surveys = {
        no_midi: Survey((), (), (no_midi,)),
        f"there is no MIDI port '{port}'": Survey((), (MidiPort("LINUX_ALSA", "Other"),), ()),
        "": Survey((), (MidiPort("LINUX_ALSA", port),), ()),
    }
    for reason, survey in surveys.items():
        monkeypatch.setattr("rig.devices.survey.midi_survey", lambda found=survey: found)
        with rehearse.rehearsed(CommandLine(path)) as typed:
            assert typed.config is not None
            amp = configuration.load(typed.config).amp
        assert isinstance(amp, VirtualAmpConfig)
        assert (amp.along is None) == bool(reason)
        assert reason in (said := capsys.readouterr().err)
        assert bool(said) == bool(reason)


def test_a_session_and_a_rehearsal_do_not_go_together(tmp_path: Path) -> None:
    (tmp_path / "rig.yaml").write_text(HANDS, encoding="utf-8")
    for words in (("--session", "x"), ("--detach",)):
        refused = rehearsed(tmp_path, *words)
        assert refused.returncode == 2
        assert "--rehearse" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_whoever_leaves_a_rehearsal_has_not_seen_it_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With exit code 0 it looked as if it had passed."""
    path = tmp_path / "rig.yaml"
    path.write_text(data.default_config(), encoding="utf-8")
    monkeypatch.setattr(capture, "_start", lambda _: None)
    monkeypatch.setattr(capture, "_watch", lambda *_, **__: None)
    monkeypatch.setattr(common.out, "_force_terminal", True)
    left = capture._captured(CommandLine(path, tmp_path / "new", rehearses=True), headless=False)
    assert left == Stopped.exit_code
    # A capture goes on without anybody who looks at it.
    assert capture._captured(CommandLine(path, tmp_path / "new"), headless=False) == 0


def test_headless_a_rehearsal_advises_nothing_that_it_refuses(tmp_path: Path) -> None:
    (tmp_path / "rig.yaml").write_text(HANDS, encoding="utf-8")
    refused = rehearsed(tmp_path, "--headless")
    assert refused.returncode == 2
    assert "turn Volume" in refused.stderr
    assert "--detach" not in refused.stderr

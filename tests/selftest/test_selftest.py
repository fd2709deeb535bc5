"""``rig selftest``: what fails is a row that can be pasted, and the rest is tried all the same."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from rig.devices.survey import AudioDevice, MidiPort, Survey
from rig.selftest import Row, files, machine, night, paste, selftest
from rig.selftest.files import journals, locks, replaces
from rig.selftest.machine import audio, packages, system
from rig.selftest.row import tried


@pytest.mark.slow
def test_this_machine_passes_but_for_what_it_has_not(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rig", "selftest", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    answer = json.loads(done.stdout)
    rows = {row["name"]: row for row in answer["rows"]}
    assert rows["night"]["works"], rows["night"]
    assert rows["night"]["told"].startswith("finished in ")
    assert rows["keys"]["works"] is None
    for name in ("system", "packages", "files", "locks", "journal"):
        assert rows[name]["works"], rows[name]
    passed = all(row["works"] is not False for row in answer["rows"])
    assert done.returncode == (0 if passed else 1)
    assert not list(tmp_path.iterdir())


def test_what_raises_is_a_row_that_says_where() -> None:
    def fails() -> NoReturn:
        raise ValueError("no\nline breaks")

    row = tried("thing", fails)
    assert row.works is False
    assert row.told.startswith("ValueError: no line breaks (")
    assert "test_selftest.py:" in row.told
    block = paste([row, Row("keys", works=None, told="")])
    assert block.splitlines()[0] == "```text"
    assert block.splitlines()[1].startswith("thing        FAILS      ValueError")
    assert block.splitlines()[2] == "keys         not tried"


def test_a_lock_that_keeps_nobody_out_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tried("locks", lambda: locks(tmp_path)).works
    monkeypatch.setattr("filelock.FileLock.acquire", lambda self, **_: self)
    monkeypatch.setattr("filelock.FileLock.__enter__", lambda self: self)
    monkeypatch.setattr("filelock.FileLock.__exit__", lambda *_: None)
    assert tried("locks", lambda: locks(tmp_path)).works is False


def test_a_disk_that_replaces_nothing_or_keeps_no_log_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert replaces(tmp_path) == "replaced at once, synced"
    assert sqlite3.sqlite_version in journals(tmp_path)
    monkeypatch.setattr(Path, "replace", lambda self, target: target)
    assert tried("files", lambda: replaces(tmp_path)).works is False
    monkeypatch.setattr(os, "fsync", lambda _: 1 / 0)
    assert "ZeroDivisionError" in tried("files", lambda: replaces(tmp_path)).told


def test_devices_are_counted_and_what_hides_them_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    card = AudioDevice("CoreAudio", "Interface", 2, 2, 48_000)
    found = Survey((card, card), (MidiPort("MACOSX_CORE", "Amp"),), ())
    monkeypatch.setattr("rig.selftest.machine.survey", lambda: found)
    assert audio() == "CoreAudio 2, MACOSX_CORE 1"
    hidden = Survey((), (), ("PortAudio is missing",))
    monkeypatch.setattr("rig.selftest.machine.survey", lambda: hidden)
    assert "PortAudio is missing" in tried("devices", audio).told
    assert "torch 2." in packages()
    assert "Python 3." in system()


def test_each_thing_is_tried_though_others_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> NoReturn:
        raise OSError("not here")

    for module, name in (
        (files, "replaces"),
        (files, "locks"),
        (files, "journals"),
        (machine, "sleep"),
        (machine, "audio"),
        (night, "captures"),
    ):
        monkeypatch.setattr(module, name, fails)
    said: list[str] = []
    rows = list(selftest(said.append, asks=False))
    failed = [row.name for row in rows if row.works is False]
    assert failed == ["files", "locks", "journal", "sleep", "devices", "night"]
    assert len(said) == 8

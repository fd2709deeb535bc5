"""The store: files are whole or absent, and known by their hash."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from rig.errors import SessionError, StorageError
from rig.session import store
from rig.session.door import Door


def test_written_files_are_whole_and_as_described(tmp_path: Path) -> None:
    stored = store.write(tmp_path, "takes/1.wav", b"content")
    assert (tmp_path / "takes" / "1.wav").read_bytes() == b"content"
    assert store.problem(tmp_path, stored) is None
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("content", [None, b"short", b"CONTENT"])
def test_damage_is_noticed(tmp_path: Path, content: bytes | None) -> None:
    stored = store.write(tmp_path, "a.wav", b"content")
    if content is None:
        (tmp_path / "a.wav").unlink()
    else:
        (tmp_path / "a.wav").write_bytes(content)
    assert "a.wav" in str(store.problem(tmp_path, stored))


def test_a_link_out_of_the_session_is_no_file_of_it(tmp_path: Path) -> None:
    stored = store.write(tmp_path, "a.wav", b"content")
    (tmp_path / "a.wav").rename(tmp_path / "b.wav")
    (tmp_path / "a.wav").symlink_to(tmp_path / "b.wav")
    assert "a.wav: is a link" in str(store.problem(tmp_path, stored))


@pytest.mark.parametrize("failing", ["fsync", "write"])
def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if failing == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(StorageError, match="No space left"):
        store.write(tmp_path, "a.wav", b"content")
    assert not list(tmp_path.iterdir())


def test_wav_survives_exactly_and_its_bytes_repeat(tmp_path: Path) -> None:
    audio = np.random.default_rng(0).standard_normal((100, 2)).astype(np.float32)
    content = store.wav_bytes(audio, 48_000)
    assert content == store.wav_bytes(audio, 48_000)
    stored = store.write(tmp_path, "a.wav", content)
    rate, back = store.read_wav(tmp_path / "a.wav")
    assert np.array_equal(back, store.read_stored(Door(tmp_path), stored)[1])
    assert rate == 48_000
    assert np.array_equal(back, audio)


def test_a_wav_that_was_copied_half_is_refused_and_a_streamed_one_is_not(tmp_path: Path) -> None:
    """A render of the first tenth of a second was called done."""
    path, content = tmp_path / "a.wav", store.wav_bytes(np.ones(10_000, np.float32), 48_000)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(SessionError, match="ends before its header says it does"):
        store.read_wav(path)
    # As whoever writes into a pipe leaves it: nobody knows yet how long it will be.
    unknown = b"\xff\xff\xff\xff"
    place = content.index(b"data") + 4
    path.write_bytes(content[:4] + unknown + content[8:place] + unknown + content[place + 4 :])
    assert len(store.read_wav(path)[1]) == 10_000


@pytest.mark.parametrize(
    "content", [None, b"", b"RIFF", b"RIFF\xff\xff\xff\xffWAVEfmt " + b"\xff" * 40]
)
def test_what_is_no_wav_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SessionError, match=r"a\.wav"):
        store.read_wav(path)

"""Files from strangers: refused in a sentence; nothing is run, nothing is written elsewhere."""

import json
import random
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from models.networks.spec import BadModel, load_model
from rig import config as configuration
from rig import data
from rig.config import NotifyConfig
from rig.errors import ConfigError, RigError, SessionError
from rig.session import store
from rig.session.facts import FACT, StoredFile
from rig.session.folder import Session

ALARMING = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.remove", "os.rename")
_watched: list[str] | None = None


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _watched is None:
        return
    writes = event == "open" and len(arguments) > 1 and any(c in str(arguments[1]) for c in "wa+x")
    if event in ALARMING or writes:
        _watched.append(f"{event} {arguments[:2]}")


sys.addaudithook(_hook)


@contextmanager
def nothing_happens() -> Iterator[None]:
    """Nothing is run, removed or written while files are read."""
    global _watched
    _watched = []
    try:
        yield
        assert _watched == []
    finally:
        _watched = None


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Flipped, cut, repeated, or with a number that is far too large."""
    changed = bytearray(content)
    for _ in range(draw.randint(1, 6)):
        place = draw.randrange(max(len(changed), 1))
        match draw.randrange(5):
            case 0:
                changed[place : place + 1] = bytes([draw.randrange(256)])
            case 1:
                del changed[place : place + draw.randint(1, 40)]
            case 2:
                changed[place:place] = changed[place : place + draw.randint(1, 40)]
            case 3:
                changed[place : place + 4] = struct.pack("<I", draw.choice([0, 2**31, 2**32 - 1]))
            case _:
                word = draw.choice(
                    [b"../", b"!!python/object/apply:os.system", b"1e999", b"\0", b"-"]
                )
                changed[place:place] = word
    return bytes(changed)


def fuzzed(
    content: bytes,
    count: int,
    seed: int,
    reader: Callable[[bytes], object],
    *expected: type[Exception],
) -> int:
    """Read so many mutations; how many were refused, each in a sentence."""
    draw, refused = random.Random(seed), 0
    for _ in range(count):
        try:
            reader(mutated(content, draw))
        except expected as error:
            refused += 1
            assert str(error)
            assert "Traceback" not in str(error)
    return refused


def test_three_thousand_configurations() -> None:
    def parse(content: bytes) -> object:
        return configuration.parse(content.decode("utf-8", errors="replace"))

    with nothing_happens():
        assert fuzzed(data.default_config().encode(), 3_000, 1, parse, ConfigError) > 1_000


def test_four_thousand_recordings(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    content = store.wav_bytes(np.zeros((64, 2)), 48_000)

    def read(changed: bytes) -> object:
        path.write_bytes(changed)
        with nothing_happens():
            return store.read_wav(path, 10_000)

    assert fuzzed(content, 4_000, 2, read, SessionError) > 1_000


def test_a_thousand_models(tmp_path: Path, finished: Path) -> None:
    path = tmp_path / "model.safetensors"
    content = (finished / "model" / "model.safetensors").read_bytes()
    size = 8 + struct.unpack("<Q", content[:8])[0]

    def read(changed: bytes) -> object:
        path.write_bytes(changed + content[size:])
        with nothing_happens():
            return load_model(str(path))

    assert fuzzed(content[:size], 1_000, 3, read, BadModel) > 500


def test_two_thousand_rows(finished: Path) -> None:
    session = Session.view(finished)
    rows = [FACT.dump_json(entry.fact) for entry in session.journal.entries()]
    session.close()
    refused = 0
    with nothing_happens():
        for number, row in enumerate(rows * (2_000 // len(rows) + 1)):
            refused += fuzzed(row, 1, number, FACT.validate_json, ValidationError)
    assert refused > 500


@pytest.mark.parametrize(
    "path", ["../outside.wav", "/etc/passwd", "takes/../../x", "", "a\\..\\b", "C:/x", ".hidden"]
)
def test_no_path_in_a_journal_leads_outside(path: str) -> None:
    with pytest.raises(ValidationError):
        StoredFile(path=path, sha256="0" * 64, size=1)


def test_no_link_leads_outside_either(copied: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (copied / "captures").rename(outside)
    (copied / "captures").symlink_to(outside, target_is_directory=True)
    session = Session.view(copied)
    kept = session.state.kept()[0].kept
    assert kept is not None
    with pytest.raises(SessionError, match="is a link"):
        session.kept_audio(kept)
    with pytest.raises(SessionError, match="is a link"):
        store.write(copied, "captures/x.wav", b"")
    assert not list(outside.glob("x*"))
    session.close()


def test_a_model_that_claims_to_be_enormous_is_refused_before_it_is_made(tmp_path: Path) -> None:
    spec = {"architecture": "lstm", "size": "8x512", "positions": [0], "members": 64}
    header = json.dumps({"__metadata__": {"spec": json.dumps(spec)}}).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(BadModel, match="not of the size"):
        load_model(str(path))


def test_a_sessions_own_configuration_names_no_programs(tmp_path: Path) -> None:
    text = data.default_config() + "\nnotify: {on_finish: [touch, /tmp/x], on_alarm: [y]}\n"
    config = configuration.parse(text)
    assert config.notify.on_finish == ("touch", "/tmp/x")
    stored = configuration.parse(configuration.dump(config))
    assert stored.notify.on_finish == ()
    assert "notify" not in yaml.safe_load(configuration.dump(config))
    # Nor where a stranger has written some in, with digests that fit.
    written = configuration.parse(f"{text}foot_switch: {{done: cc 1}}\n", stored=True)
    assert written.notify == NotifyConfig()
    assert written.foot_switch is None
    assert isinstance(ConfigError("x"), RigError)

"""Data out and in: same settings, same audio, bit for bit; strangers' sets are judged like ours."""

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calibration.signals import Part
from rig import config as configuration
from rig import dataset
from rig.capture import Role
from rig.cli import export_data
from rig.config import Config
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.devices.client import DevicesClient
from rig.errors import ConfigError, DeviceError, UsageError
from rig.knobs import Setting
from rig.session import store
from rig.session.folder import Session
from rig.session.verify import verify
from tests.cli.test_cli import rig
from tests.conftest import TINY

KINDS = {"data": "dataset.json", "parametric": "data.json", "panama": "data_config.json"}


@pytest.fixture(scope="module")
def exported(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The finished session in every format."""
    folders = {}
    for kind in KINDS:
        folders[kind] = tmp_path_factory.mktemp("exported") / f"Ausfuhr {kind} ü"
        done = rig("export", finished, folders[kind], "--as", kind)
        assert done.returncode == 0, done.stderr
    return folders


def recordings(session: Path, *, warm: bool = False) -> list[tuple[Role, tuple[float, ...], bytes]]:
    """Role, setting and samples of everything that a session has kept; or has of the warm amp."""
    opened = Session.view(session)
    reference = opened.state.amp.reference
    since = reference.take if warm and reference is not None else 0
    found = [
        (about.capture.role, about.capture.setting.values, opened.kept_audio(about.kept).tobytes())
        for about in opened.state.kept(Role.SEED, Role.ACTIVE, Role.HOLDOUT, Role.CANARY)
        if about.kept is not None
        and (about.capture.role is not Role.CANARY or about.kept.take >= since)
    ]
    opened.close()
    return sorted(found)


@pytest.mark.parametrize("kind", KINDS)
def test_what_goes_out_comes_in_the_same_bit_for_bit(
    kind: str, exported: dict[str, Path], finished: Path, tmp_path: Path
) -> None:
    source = exported[kind] if kind == "data" else exported[kind] / KINDS[kind]
    target = tmp_path / "zurück"
    done = rig("import", source, target)
    assert done.returncode == 0, done.stderr
    assert "round trip: 0 frames; polarity: up" in done.stdout
    assert recordings(target) == recordings(finished, warm=True) != recordings(finished)
    there, back = Session.view(finished), Session.view(target)
    assert np.array_equal(there.signal().send, back.signal().send)
    assert there.signal().segments == back.signal().segments
    assert back.config.knobs == there.config.knobs
    assert verify(back).sound
    there.close()
    back.close()


def test_a_replay_gives_back_what_was_recorded_and_nothing_else(
    exported: dict[str, Path], finished: Path, tmp_path: Path
) -> None:
    path = exported["data"] / "rig.yaml"
    config = configuration.load(path)
    data = dataset.read(exported["data"])
    send = dataset.signal_of(data).send.astype(np.float32)
    first = {values: audio for _, values, audio in reversed(recordings(finished))}
    bench = DevicesClient(config, tmp_path / "log")
    bench.open()
    for setting in config.panel.pool:
        bench.dial(setting)
        returned = bench.reamp(send).returned
        stored = np.frombuffer(first[setting.values]).astype(np.float32)
        # Canaries are one setting again and again, and a replay gives the first of them.
        if setting != config.panel.reference:
            assert np.array_equal(returned[: len(stored)], stored)
        assert not returned[len(stored) :].any()
    with pytest.raises(DeviceError, match="outside"):
        bench.dial(Setting((1.05, 1.05, 1.05)))
    with pytest.raises(DeviceError, match="nothing but the input"):
        bench.reamp(send[::-1].copy())
    bench.close()


def test_a_session_captured_from_a_replay_proposes_only_what_there_is(
    exported: dict[str, Path], finished: Path, tmp_path: Path
) -> None:
    path = tmp_path / "rig.yaml"
    text = (exported["data"] / "rig.yaml").read_text(encoding="utf-8")
    # The folder is handed on as it is: no path of the machine that wrote it.
    assert str(exported["data"]) not in text
    there = json.dumps(str(exported["data"]))
    text = text.replace("takes: .", f"takes: {there}").replace("captures: 8", "captures: 6")
    path.write_text(text, encoding="utf-8")
    config = configuration.load(path)
    ending = capture(Request(tmp_path / "session", path), config)
    assert not ending.failed, ending.reason
    session = Session.view(tmp_path / "session")
    kept = session.state.kept(Role.SEED, Role.ACTIVE)
    assert len(kept) == 6
    assert any(about.capture.role is Role.ACTIVE for about in kept)
    assert {about.capture.setting for about in session.state.captures.values()} <= set(
        config.panel.pool
    )
    # Bit for bit: what was in step is not moved, and loses no DC that it has not got.
    source = {values: audio for _, values, audio in reversed(recordings(finished))}
    found = {values: audio for _, values, audio in recordings(tmp_path / "session")}
    # Of the canaries, which are one setting, a replay gives the first.
    del found[config.panel.reference.values]
    assert len(found) == len(session.state.kept()) - len(session.state.kept(Role.CANARY))
    assert all(audio == source[values] for values, audio in found.items())
    assert session.state.learning.rounds
    assert {Setting(v) for r in session.state.learning.rounds for v in r.values} <= set(
        config.panel.pool
    )
    session.close()


@pytest.mark.parametrize("after", [0, 2])
def test_an_export_that_is_broken_off_leaves_nothing_behind(
    after: int, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []

    def broken_off(session: Session, target: Path, content: bytes) -> None:
        """Write so many files, and be interrupted in the next."""
        if len(written) == after:
            raise KeyboardInterrupt
        store.put(target, content)
        written.append(target)

    monkeypatch.setattr(export_data, "put", broken_off)
    with pytest.raises(KeyboardInterrupt):
        export_data.export_data("data", finished, tmp_path / "set", flac=False, force=False)
    assert len(written) == after
    assert not (tmp_path / "set").exists()


def foreign(folder: Path, finished: Path, late: int, sign: float) -> list[tuple[float, ...]]:
    """A folder as a stranger would have it: guitar, recordings that are late, a table."""
    session = Session.view(finished)
    signal = session.signal()
    start, stop = signal.segment(Part.TRAIN).start - 2_400, signal.segment(Part.HOLDOUT).stop
    folder.mkdir()
    (folder / "input.wav").write_bytes(store.wav_bytes(signal.send[start:stop], 48_000))
    rows: list[tuple[str, tuple[float, ...]]] = []
    for about in session.state.kept(Role.SEED, Role.ACTIVE):
        assert about.kept is not None
        heard = np.pad(sign * session.kept_audio(about.kept)[start:stop], (late, 0))
        name = f"recorded {about.kept.take}.wav"
        (folder / name).write_bytes(store.wav_bytes(heard[: stop - start], 48_000))
        rows.append((name, about.capture.setting.values))
    session.close()
    with (folder / "settings.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["file", "gain", "tone", "volume"])
        table.writerows([name, *values] for name, values in rows)
    return [values for _, values in rows]


def test_a_folder_with_a_table_is_brought_in_step_and_told_upside_down(
    finished: Path, tmp_path: Path
) -> None:
    settings = foreign(tmp_path / "fremd", finished, late=173, sign=-1.0)
    config = tmp_path / "rig.yaml"
    config.write_text(TINY, encoding="utf-8")
    done = rig("import", tmp_path / "fremd", tmp_path / "session", "--config", config)
    assert done.returncode == 0, done.stderr
    assert "polarity: upside down" in done.stdout
    frames = int(done.stdout.split("round trip: ")[1].split()[0])
    # The amp has some delay of its own, which nobody can tell from the interface's.
    assert 173 <= frames <= 173 + 12
    session = Session.view(tmp_path / "session")
    kept = session.state.kept(Role.SEED)
    assert sorted(about.capture.setting.values for about in kept) == sorted(settings)
    session.close()
    trained = rig("train", tmp_path / "session")
    assert trained.returncode == 0, trained.stderr


def test_a_recording_that_is_broken_is_refused_with_a_sentence(
    finished: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "fremd"
    foreign(folder, finished, late=0, sign=1.0)
    broken = sorted(folder.glob("recorded*"))[3]
    _, audio = store.read_wav(broken)
    loudest = int(np.argmax(np.abs(audio[:40_000])))
    audio[loudest : loudest + 2_400] = audio[loudest]
    broken.write_bytes(store.wav_bytes(audio, 48_000))
    done = rig("import", folder, tmp_path / "session")
    assert done.returncode == 0, done.stderr
    assert f"{broken.name} is refused" in done.stderr
    assert "7 recordings" in done.stdout
    session = Session.view(tmp_path / "session")
    # Nobody said how far the knobs go: the faceplate that holds all that was recorded.
    assert {knob.limits for knob in session.config.panel.knobs} <= {
        (0.0, 10.0),
        (0.0, 11.0),
        (1.0, 12.0),
    }
    session.close()


def test_peers_files_are_read_as_their_own_programs_read_them(
    exported: dict[str, Path], finished: Path
) -> None:
    """By values that were typed here, not by our own reader."""
    document = json.loads((exported["parametric"] / "data.json").read_text())
    assert document["type"] == "parametric"
    entry = document["train"][0]
    assert set(entry) == {"y_path", "params", "ny", "start_samples", "stop_samples"}
    assert set(entry["params"]) == {"gain", "tone", "volume"}
    assert (document["common"]["x_path"], document["common"]["delay"]) == ("input.wav", 0)
    panama = json.loads((exported["panama"] / "data_config.json").read_text())
    assert panama["train"]["type"] == "shared_input"
    assert set(panama["train"]["outputs"][0]) == {"y_path", "g_vector"}
    assert all(0 <= g <= 1 for out in panama["train"]["outputs"] for g in out["g_vector"])
    lengths = set()
    for folder in exported.values():
        for path in [folder / "input.wav", *folder.glob("takes/*.wav")]:
            lengths.add(len(store.read_wav(path)[1]))
    # Peers refuse an output that is not as long as the input.
    assert len(lengths) == 1


def test_the_trainer_s_own_reader_takes_both_windows(
    exported: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fork reads each entry by this class of neural-amp-modeler, without its ``params``."""
    theirs = pytest.importorskip("nam.data")
    monkeypatch.chdir(exported["parametric"])
    document = json.loads(Path("data.json").read_text())
    for split in ("train", "validation"):
        entry = {**document["common"], **document[split][0], "nx": 1_000}
        assert entry.pop("params")
        read = theirs.Dataset.init_from_config(entry)
        assert read.sample_rate == 48_000
        assert len(read) >= 1


def test_a_peer_s_list_of_values_is_read(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "fremd"
    settings = foreign(folder, finished, late=0, sign=1.0)
    names = sorted(path.name for path in folder.glob("recorded*"))
    entries = [
        {"y_path": name, "params": [0.1 * n, 0.5, 1.0], "delay": 7, "start_seconds": 0.5}
        for n, name in enumerate(names)
    ]
    document = {
        "type": "parametric",
        "common": {"x_path": "input.wav", "param_names": ["gain", "bright", "mid"]},
        "train": entries[:-1],
        "validation": [*entries[:2], entries[-1], {**entries[0], "x_path": "other.wav"}],
    }
    (folder / "data.json").write_text(json.dumps(document))
    data = dataset.read(folder / "data.json")
    assert data.names == ("gain", "bright", "mid")
    assert [take.role for take in data.takes].count("holdout") == 1
    assert len(data.takes) == len(settings)
    assert data.takes[1].values == (0.1, 0.5, 1.0)
    assert data.takes[0].delay_frames == 7
    assert data.left_out == 1


def test_a_card_has_licence_gear_and_a_hash_of_each_file(
    finished: Path, tmp_path: Path, copied: Path
) -> None:
    folder = tmp_path / "out"
    done = rig("export", copied, folder, "--as", "data", "--flac")
    assert done.returncode == 0, done.stderr
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "licence: not stated" in card
    with (folder / "settings.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        assert hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    # 24 bits of each sample.
    again = dataset.read(folder)
    heard = dataset.cut_to_input(again, again.takes[0], 0, 1_000_000)
    first = np.frombuffer(recordings(finished)[0][2])
    assert max(len(first), 1) <= len(heard)
    damaged = folder / rows[0]["file"]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.raises(UsageError, match="hash differs"):
        dataset.cut_to_input(again, again.takes[0], 0, 1_000)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "cannot be read"),
        ('{"type": "parametric", "train": []}', "cannot be read"),
        ('{"format": "rig-dataset", "version": 2}', "cannot be read"),
        ("{}", "no data set that rig knows"),
    ],
)
def test_what_is_no_data_set_is_one_line(content: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text(content, encoding="utf-8")
    done = rig("import", path, tmp_path / "session")
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "session").exists()


def test_an_amp_of_recordings_has_its_mistakes_told(exported: dict[str, Path]) -> None:
    text = (exported["data"] / "rig.yaml").read_text(encoding="utf-8")
    replaced: Any = configuration.parse(text)
    assert isinstance(replaced, Config)
    with pytest.raises(ConfigError, match="no setting of these knobs"):
        configuration.parse(
            TINY.replace(
                "amp: {driver: virtual, preset: tweed}",
                "amp: {driver: replay, settings: [[1, 2, 99]]}",
            )
        )
    wrong = TINY.replace(
        "{driver: virtual, latency_frames: 311.3}", "{driver: replay, takes: nowhere}"
    )
    from rig.devices import drivers

    assert any(
        "recordings need amp" in line for line in drivers.problems(configuration.parse(wrong))
    )


def test_a_data_set_is_found_from_where_its_file_lies(
    exported: dict[str, Path], tmp_path: Path
) -> None:
    """A folder that was handed on, looked at from somewhere else."""
    moved = Path(shutil.copytree(exported["data"], tmp_path / "weiter gereicht"))
    config: Any = configuration.load(moved / "rig.yaml")
    assert Path(config.interface.takes) == moved
    away = configuration.load(exported["data"] / "rig.yaml")
    assert away.amp == config.amp


def test_strangers_recordings_are_captured_from_as_an_amp(finished: Path, tmp_path: Path) -> None:
    """They have no preamble, no sweeps and no repeated guitar, and come in step as they are."""
    foreign(tmp_path / "fremd", finished, late=173, sign=1.0)
    path = tmp_path / "rig.yaml"
    plan = TINY.replace("captures: 8, seeds: 4", "captures: 4, seeds: 4")
    path.write_text(plan.replace("holdouts: 2", "holdouts: 1"), encoding="utf-8")
    done = rig("import", tmp_path / "fremd", tmp_path / "session", "--config", path)
    assert done.returncode == 0, done.stderr
    config = configuration.load(tmp_path / "session" / "rig.yaml")
    request = Request(tmp_path / "again", tmp_path / "session" / "rig.yaml")
    ending = capture(request, config)
    assert not ending.failed, ending.reason
    session = Session.view(tmp_path / "again")
    kept = session.state.kept(Role.SEED, Role.ACTIVE)
    assert len(kept) == 4
    assert {about.capture.setting for about in kept} <= set(config.panel.pool)
    session.close()


def test_recordings_are_not_checked_and_not_blamed(exported: dict[str, Path]) -> None:
    done = rig("check", exported["data"] / "rig.yaml")
    assert done.returncode == 2
    assert "there is nothing to check before 'rig capture" in done.stderr

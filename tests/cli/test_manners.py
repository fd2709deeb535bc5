"""Export, render and train as a person meets them: nothing is wrong without a word."""

import json
import os
import re
import shlex
import signal
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from rig.cli import app, asking, render, writing
from rig.cli.model import _said
from rig.errors import UsageError
from rig.notify import missing
from rig.session import store
from rig.session.facts import ModelTrained, StoredFile
from rig.session.folder import Session
from rig.session.worth import Worth, worth
from tests.cli.test_cli import rig

REFERENCE = "gain 6.5  tone 6.5  volume 6"


@pytest.fixture
def dry(tmp_path: Path) -> Path:
    """A tenth of a second of noise, mono."""
    path = tmp_path / "dry.wav"
    audio = 0.1 * np.random.default_rng(0).standard_normal(4_800)
    path.write_bytes(store.wav_bytes(audio, 48_000))
    return path


def stereo(tmp_path: Path, right: float) -> Path:
    """Noise on the left, so much of other noise on the right."""
    path = tmp_path / "stereo.wav"
    sides = np.random.default_rng(1).standard_normal((4_410, 2)) * [0.1, 0.1 * right]
    path.write_bytes(store.wav_bytes(sides, 44_100))
    return path


def test_knobs_merge_and_those_not_named_stand_at_the_reference(
    finished: Path, tmp_path: Path, dry: Path
) -> None:
    target = tmp_path / "at 6.nam"
    done = rig("export", finished, target, "--at", "gain=6", "--at", "tone=4.5")
    assert done.returncode == 0
    assert "gain 6  tone 4.5  volume 6" in done.stdout
    assert json.loads(target.read_text())["architecture"] == "WaveNet"
    wet = tmp_path / "wet.wav"
    done = rig("render", finished, dry, wet)
    assert done.returncode == 0
    assert f"wrote {wet}: {REFERENCE}" in done.stdout
    rate, played = store.read_wav(wet)
    assert (rate, len(played)) == (48_000, 4_800)
    assert np.any(played != 0)
    exported = json.loads((finished / "model" / "metrics.json").read_text())["exported_at"]
    assert exported == {"gain": 6.5, "tone": 6.5, "volume": 6.0}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--at", "gian=3"], "no knob 'gian'"),
        (["--at", "gain=99"], "takes 1 to 12"),
        (["--at", "gain=x"], "takes 1 to 12"),
        (["--at", "gain=3", "--at", "gain=4"], "gain is set twice"),
    ],
)
def test_a_setting_that_cannot_be_is_explained(
    finished: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    done = rig("export", finished, tmp_path / "a.nam", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "a.nam").exists()


def test_what_is_not_had_as_asked_is_said_loudly(finished: Path, tmp_path: Path) -> None:
    done = rig("export", finished, tmp_path / "a.nam", "--at", "gain=6.04")
    assert done.returncode == 0
    assert "gain has no position 6.04: 6 is taken, the nearest" in done.stderr
    quiet = rig("export", finished, tmp_path / "b.nam", "--at", "gain=6")
    assert quiet.stderr == ""
    one, other = (json.loads((tmp_path / name).read_text("utf-8")) for name in ("a.nam", "b.nam"))
    assert one["weights"] == other["weights"]


def test_an_existing_file_needs_force(finished: Path, tmp_path: Path, dry: Path) -> None:
    for name, before in (("a.nam", ()), ("a.wav", (dry,))):
        command = ["export" if name == "a.nam" else "render", finished, *before, tmp_path / name]
        (tmp_path / name).write_bytes(b"precious")
        refused = rig(*command)
        assert refused.returncode == 2
        assert "--force writes over it" in refused.stderr
        assert (tmp_path / name).read_bytes() == b"precious"
        assert rig(*command, "--force").returncode == 0
        assert (tmp_path / name).read_bytes() != b"precious"


def test_a_format_that_cannot_be_written_is_refused(
    finished: Path, tmp_path: Path, dry: Path
) -> None:
    done = rig("render", finished, dry, tmp_path / "wet.mp3")
    assert done.returncode == 2
    assert "rig writes WAV and FLAC" in done.stderr
    assert not (tmp_path / "wet.mp3").exists()


def test_flac_holds_what_wav_holds(finished: Path, tmp_path: Path, dry: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    for name in ("wet.flac", "wet.wav"):
        assert rig("render", finished, dry, tmp_path / name).returncode == 0
    packed, rate = soundfile.read(str(tmp_path / "wet.flac"))
    assert rate == 48_000
    # 24 bits: half a step is 6e-8.
    np.testing.assert_allclose(packed, store.read_wav(tmp_path / "wet.wav")[1], atol=1.3e-7)


def test_stereo_is_asked_which_side(finished: Path, tmp_path: Path) -> None:
    source, wet = stereo(tmp_path, 1.0), tmp_path / "wet.wav"
    refused = rig("render", finished, source, wet)
    assert refused.returncode == 2
    assert "--channel left, right or mix" in refused.stderr
    assert "there are left" in rig("render", finished, source, wet, "--channel", "up").stderr
    assert rig("render", finished, source, wet, "--channel", "left").returncode == 0
    left = tmp_path / "left.wav"
    left.write_bytes(store.wav_bytes(store.read_wav(source)[1][:, 0], 44_100))
    assert rig("render", finished, left, tmp_path / "same.wav").returncode == 0
    assert (tmp_path / "same.wav").read_bytes() == wet.read_bytes()
    # At the rate that it came in, and as long.
    rate, played = store.read_wav(wet)
    assert (rate, len(played)) == (44_100, 4_410)


def test_a_render_that_is_broken_off_leaves_what_was_there(
    finished: Path, tmp_path: Path, dry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(render, "_play", broken_off)
    wet = tmp_path / "wet.wav"
    wet.write_bytes(b"precious")
    done = CliRunner().invoke(app, ["render", str(finished), str(dry), str(wet), "--force"])
    assert done.exit_code != 0
    assert wet.read_bytes() == b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dry.wav", "wet.wav"]


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_training_stops_between_steps_and_leaves_the_model(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _files(copied / "model")

    def interrupted(_: Session, tell: object, *_asked: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        assert callable(tell)
        tell(type("At", (), {"done": 1, "total": 2})())

    monkeypatch.setattr("rig.learner.final.train_final", interrupted)
    done = CliRunner().invoke(app, ["train", str(copied)])
    # As shells have it where Ctrl-C ended something.
    assert done.exit_code == 130
    assert "the model is the one it was" in done.output
    assert _files(copied / "model") == before
    assert rig("verify", copied).returncode == 0


def test_ctrl_c_waits_for_the_next_step() -> None:
    # A shell starts what runs in the background with this signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with writing.stopped_between_steps() as check:
        check()
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            check()
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


@pytest.mark.parametrize(
    ("esr", "found"),
    [
        (0.001, Worth.EXCELLENT),
        (0.02, Worth.GOOD),
        (0.05, Worth.USABLE),
        (0.6, Worth.POOR),
        (float("nan"), Worth.POOR),
        (None, Worth.UNKNOWN),
    ],
)
def test_a_poor_model_is_not_announced_in_green(esr: float | None, found: Worth) -> None:
    assert worth(esr) is found
    file = StoredFile(path="model/x", sha256="0" * 64, size=1)
    fact = ModelTrained(
        learnt_from=(1,), holdout_esr=esr, by_setting={}, seconds=1.0, model=file, export=file
    )
    said = _said(Path("s"), fact, esr)
    assert ("green" in str(said.spans)) == (found in (Worth.EXCELLENT, Worth.GOOD))
    assert said.plain.endswith("wrote s/model/x and s/model/x")


def test_a_colon_in_a_name_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    asking.warn(["[bold]gain[/bold] 11"])
    assert "[bold]gain[/bold] 11" in capsys.readouterr().err


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        writing.refuse_existing(tmp_path, force=True)


def test_train_makes_the_model_anew(copied: Path) -> None:
    (copied / "model" / "model.safetensors").write_bytes(b"spoilt")
    refused = rig("export", copied, copied / "a.nam")
    assert refused.returncode == 1
    assert "is not what was kept" in refused.stderr
    trained = rig("train", copied)
    assert trained.returncode == 0
    assert trained.stdout.splitlines()[-1].startswith(f"wrote {copied / 'model'}")
    assert "record more" in trained.stdout
    assert rig("export", copied, copied / "a.nam").returncode == 0
    assert rig("verify", copied).returncode == 0


def test_a_model_that_replaces_a_better_one_says_so(copied: Path) -> None:
    session = Session.open(copied)
    model = session.state.learning.model
    assert model is not None
    nearer = {name: esr / 4 for name, esr in model.by_setting.items()}
    # The mean of all settings says nothing: one that is quiet may be most of it.
    update = {"by_setting": nearer, "holdout_esr": 1e6, "size": "nano"}
    session.record(model.model_copy(update=update))
    session.close()
    trained = rig("train", copied)
    assert trained.returncode == 0
    said = " ".join(trained.stderr.split())
    assert "the model that this one replaces was nearer to the amp (errors at the holdout" in said
    assert "settings are 4 times as large now)" in said
    assert f"'rig train {copied} --size nano' makes such a one again" in said
    assert "the ensemble" not in trained.stderr


def test_a_model_that_replaces_a_worse_one_says_nothing(copied: Path) -> None:
    session = Session.open(copied)
    model = session.state.learning.model
    assert model is not None
    farther = {name: 2 * esr for name, esr in model.by_setting.items()}
    session.record(model.model_copy(update={"by_setting": farther, "holdout_esr": 1e-9}))
    session.close()
    trained = rig("train", copied)
    assert trained.returncode == 0
    assert "nearer to the amp" not in trained.stderr


@pytest.mark.parametrize(
    ("steps", "longer"),
    [
        # Fewer than the configuration's two: these first.
        (1, ""),
        (3, " --steps 12"),
    ],
)
def test_a_model_that_is_behind_its_ensemble_says_how_to_mend_that(
    copied: Path, steps: int, longer: str
) -> None:
    session = Session.open(copied)
    rounds, model = session.state.learning.rounds, session.state.learning.model
    assert model is not None
    # A poor one was there: nothing of it is wished back.
    poor = dict.fromkeys(model.by_setting, 1e6)
    session.record(model.model_copy(update={"holdout_esr": 1e6, "by_setting": poor}))
    session.record(rounds[-1].model_copy(update={"holdout_esr": 1e-6}))
    session.close()
    trained = rig("train", copied, "--steps", str(steps))
    assert trained.returncode == 0
    said = " ".join(trained.stderr.split())
    assert "the ensemble that chose the settings is nearer to the amp (holdout ESR 1e-06)" in said
    assert f"'rig train {copied}{longer}' trains the model for longer" in said
    session = Session.view(copied)
    session.close()
    assert session.state.learning.model is not None
    assert session.state.learning.model.steps == steps


def test_advice_can_be_pasted(copied: Path) -> None:
    folder = copied.rename(copied.with_name("my session"))
    (folder / "captures" / "00001.wav").unlink()
    advice = rig("verify", folder).stderr
    (command,) = re.findall(r"'rig (verify --repair .*)' sets this aside", advice)
    repaired = rig(*shlex.split(command))
    assert repaired.returncode == 0
    assert f"'rig capture --session {shlex.quote(str(folder))}' makes it anew" in repaired.stdout


def test_a_session_is_found_from_within(copied: Path) -> None:
    assert rig("status", cwd=copied).stdout == rig("status", copied, cwd=copied).stdout


def test_it_tells_its_version() -> None:
    done = rig("--version")
    assert done.stdout == f"rig {version('rig-capture')}\n"


def test_a_folder_that_is_made_on_the_way_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typing mistake in a path makes a folder that nobody looks for."""
    target = tmp_path / "typo" / "x.nam"
    assert writing.new_folder(target) == f" (the folder {tmp_path / 'typo'} is new)"
    done = rig("init", target.with_name("rig.yaml"), "--default")
    assert f"are written (the folder {target.parent} is new); next: " in done.stdout
    assert "capture --rehearse" in done.stdout
    assert writing.new_folder(target) == ""
    monkeypatch.chdir(tmp_path)
    assert writing.new_folder(Path("x.nam")) == ""


@pytest.mark.parametrize("folder", ["taken", "taken/inner"])
def test_a_file_where_a_folder_should_be_is_named(folder: str, tiny_file: Path) -> None:
    (tiny_file.parent / "taken").write_text("mine", encoding="utf-8")
    done = rig("capture", "--headless", "--session", folder, cwd=tiny_file.parent)
    assert done.returncode == 1
    assert "taken is no folder, so none can be there: choose another name" in done.stderr
    assert (tiny_file.parent / "taken").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("words", [["export", "{}", "a.nam"], ["capture", "--session", "{}"]])
def test_a_session_without_its_signal_says_what_to_do(words: list[str], copied: Path) -> None:
    (copied / "signal" / "send.wav").unlink()
    done = rig(*(word.format(copied) for word in words), cwd=copied.parent)
    assert done.returncode == 1
    assert f"put it back from a copy; 'rig verify {copied}' says what else" in done.stderr


def test_a_program_that_is_not_there_is_told_before_it_is_needed(tiny_file: Path) -> None:
    text = tiny_file.read_text(encoding="utf-8") + "notify: {on_alarm: [no-such-program, --loud]}\n"
    tiny_file.write_text(text, encoding="utf-8")
    (tiny_file.parent / "taken").write_text("mine", encoding="utf-8")
    # It plays nothing: a file is in the way of its folder, and the program was told by then.
    done = rig("capture", "--headless", "--session", "taken/inner", cwd=tiny_file.parent)
    assert done.returncode == 1
    assert "notify.on_alarm: there is no program 'no-such-program'" in done.stderr
    assert missing([]) is None
    assert missing([sys.executable]) is None
    said = missing(["no-such-program", "--loud"])
    assert said is not None
    assert "no program 'no-such-program'" in said

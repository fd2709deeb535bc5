"""The loop, end to end, on the built-in amp: what is recorded, what is learnt, what is left."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rig import config as configuration
from rig.capture import Outcome, Role
from rig.config import Config
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.errors import SessionError
from rig.session import control, facts, store
from rig.session.folder import Session, is_running
from rig.session.status import status
from rig.session.verify import verify
from tests.conftest import LAID_OUT, TINY


def viewed(folder: Path) -> Session:
    return Session.view(folder)


def recorded(tmp_path: Path, text: str, name: str = "session", **goals: object) -> Session:
    """Capture with some configuration and view what came of it."""
    config = tmp_path / f"{name}.yaml"
    config.write_text(text, encoding="utf-8")
    request = Request(tmp_path / name, config, **goals)  # type: ignore[arg-type]
    capture(request, configuration.load(config))
    return viewed(request.session)


def test_a_session_runs_to_its_model(finished: Path, tiny: Config) -> None:
    session = viewed(finished)
    state, now = session.state, status(session)
    assert now.state == "finished"
    assert now.finish_reason == "all 8 captures are recorded"
    assert now.captures == {"planned": 8, "kept": 8, "abandoned": 0}
    assert now.round == len(now.rounds) == 2
    assert len(state.kept(Role.SEED)) == 4
    assert len(state.kept(Role.ACTIVE)) == 4
    assert len(state.kept(Role.HOLDOUT)) == 2
    assert len(state.amp.canaries) >= 3
    assert now.repeatability_esr is not None
    assert now.repeatability_esr < 1e-6
    assert state.learning.model is not None
    assert now.holdout_esr == state.learning.model.holdout_esr
    assert verify(session).sound
    assert not verify(session).strays
    assert not is_running(finished)
    assert not (finished / "live.json").exists()


def test_the_last_take_is_a_canary_and_none_is_far_from_the_next(finished: Path) -> None:
    session = viewed(finished)
    takes = [e.fact for e in session.journal.entries() if isinstance(e.fact, facts.TakeEnded)]
    roles = [session.state.captures[take.capture].capture.role for take in takes]
    assert roles[:2] == [Role.CANARY] * 2
    assert roles[-1] is Role.CANARY
    takes_of_settings = [role for role in roles if role is not Role.LOOK]
    gaps = np.diff([i for i, role in enumerate(takes_of_settings) if role is Role.CANARY])
    assert gaps.max() <= session.config.plan.canary_every + 1


def test_nothing_held_out_is_learnt_from_and_nothing_is_recorded_twice(finished: Path) -> None:
    session = viewed(finished)
    state = session.state
    held_out = {about.capture.number for about in state.kept(Role.HOLDOUT, Role.CANARY)}
    for learnt in state.learning.rounds:
        assert not held_out & set(learnt.learnt_from)
    assert state.learning.model is not None
    assert not held_out & set(state.learning.model.learnt_from)
    settings = state.settings()
    assert len(set(settings)) == len(settings)
    assert all(session.config.panel.allows(setting) for setting in settings)


def test_kept_captures_are_in_step_with_the_send(finished: Path) -> None:
    session = viewed(finished)
    latencies = [c.kept.figures["latency_frames"] for c in session.state.kept() if c.kept]
    assert np.ptp(latencies) < 0.01
    assert latencies[0] == pytest.approx(311.3, abs=0.02)


def test_capturing_again_does_nothing_more_and_more_captures_go_on(copied: Path) -> None:
    config = configuration.load(copied / "rig.yaml")
    before = viewed(copied).state
    again = capture(Request(copied), config)
    after = viewed(copied).state
    assert again.reason == "all 8 captures are recorded"
    assert after.takes.last == before.takes.last
    capture(Request(copied, captures=10), config)
    session = viewed(copied)
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 10
    assert session.state.learning.round == 3
    assert verify(session).sound


def test_verify_names_the_take_of_a_damaged_file(copied: Path) -> None:
    session = viewed(copied)
    kept = session.state.kept(Role.ACTIVE)[0].kept
    assert kept is not None
    assert kept.aligned is not None
    path = copied / kept.aligned.path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    (copied / "takes" / "00001.wav").unlink()
    (copied / "takes" / "99999.wav.part").write_bytes(b"")
    report = verify(session)
    assert {problem.take for problem in report.problems} == {kept.take, 1}
    assert report.strays == ("takes/99999.wav.part",)


FAULTS = """interface:
  driver: virtual
  latency_frames: 311.3
  faults:
    - {take: 4, kind: clipping}
    - {take: 6, kind: dropout}
    - {take: 8, kind: gone, takes: 1}
    - {take: 10, kind: clipping, takes: 3}
"""


def test_bad_takes_are_recorded_again_and_three_rejects_give_a_setting_up(tmp_path: Path) -> None:
    plain = "interface: {driver: virtual, latency_frames: 311.3}\n"
    session = recorded(tmp_path, LAID_OUT.replace(plain, FAULTS))
    state = session.state
    assert status(session).state == "finished"
    assert state.takes.counts[Outcome.REJECTED] == 5
    assert state.takes.counts[Outcome.FAILED] == 1
    given_up = [c for c in state.captures.values() if c.abandoned]
    assert len(given_up) == 1
    assert "clipped" in str(given_up[0].abandoned)
    assert given_up[0].rejected == 3
    troubles = [e.fact for e in session.journal.entries() if e.fact.kind == "device-trouble"]
    assert [t.back for t in troubles if isinstance(t, facts.DeviceTrouble)] == [False, True]
    assert len(state.kept(Role.SEED, Role.ACTIVE)) == 8
    assert verify(session).sound


def test_an_amp_that_is_off_ends_the_session_with_a_reason(tmp_path: Path) -> None:
    plain = "latency_frames: 311.3}"
    silent = "latency_frames: 311.3, faults: [{take: 1, kind: silence, takes: 1000}]}"
    session = recorded(tmp_path, TINY.replace(plain, silent))
    now = status(session)
    assert now.state == "failed"
    assert "6 takes in a row did not sound like this amp" in str(now.finish_reason)
    assert "'play' of a knob in rig.yaml moves it" in str(now.finish_reason)
    assert "nothing came back" in str(now.finish_reason)


def test_the_loop_goes_on_without_its_learner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rig.learner.client.WORKER", "rig.no_such_worker")
    session = recorded(tmp_path, TINY)
    state = session.state
    assert len(state.kept(Role.SEED, Role.ACTIVE)) == 8
    assert state.learning.failures
    assert state.learning.fills == 2
    now = status(session)
    assert now.state == "failed"
    assert "learner" in str(now.finish_reason)
    assert verify(session).sound


def test_one_session_has_one_writer(copied: Path) -> None:
    session = Session.open(copied)
    assert is_running(copied)
    with pytest.raises(SessionError, match="another capture"):
        Session.open(copied)
    session.close()
    assert not is_running(copied)


PACED = TINY.replace("latency_frames: 311.3", "latency_frames: 311.3, paced: true")


def start(folder: Path, text: str, *more: str) -> "subprocess.Popen[bytes]":
    config = folder.parent / "rig.yaml"
    config.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "rig", "capture", str(config), "--headless"]
    return subprocess.Popen([*command, "--session", str(folder), *more])


def eventually(what: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def playing(folder: Path) -> bool:
    return (folder / "journal.db").exists() and viewed(folder).state.takes.open is not None


def kept(folder: Path) -> int:
    return (
        viewed(folder).state.takes.counts[Outcome.KEPT] if (folder / "journal.db").exists() else 0
    )


def test_ctrl_c_stops_after_the_take(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    process = start(folder, PACED)
    eventually(lambda: kept(folder) >= 1 and playing(folder))
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 3
    session = viewed(folder)
    assert session.state.takes.counts[Outcome.FAILED] == 0
    assert "stopped by hand" in str(status(session).finish_reason)
    assert verify(session).sound


def test_ctrl_c_twice_abandons_the_take(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    process = start(folder, PACED)
    eventually(lambda: kept(folder) >= 1 and playing(folder))
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
    assert process.wait(30) == 3
    state = viewed(folder).state
    assert state.takes.counts[Outcome.FAILED] == 1
    assert state.takes.recent[-1].reasons[0].sentence == "stopped by hand"
    assert [about.failed for about in state.captures.values()] == [0] * len(state.captures)
    assert state.pending


def test_pause_resume_and_stop_from_another_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    process = start(folder, PACED)
    eventually(lambda: playing(folder))
    for command, expected in (("pause", "paused"), ("resume", "running")):
        subprocess.run([sys.executable, "-m", "rig", command, str(folder)], check=True)
        eventually(lambda want=expected: status(viewed(folder)).state == want)  # type: ignore[misc]
    control.drop(folder, "stop-now")
    assert process.wait(30) == 3
    assert status(viewed(folder)).state == "stopped"


def test_with_a_deadline_the_amp_does_not_wait_for_the_learner(tmp_path: Path) -> None:
    fast = TINY.replace("latency_frames: 311.3", "latency_frames: 311.3, paced: true, speed: 8")
    slow = fast.replace("steps: 2, final_size", "steps: 60, final_size")
    folder = tmp_path / "session"
    process = start(folder, slow, "--until", "23:59")
    eventually(
        lambda: (folder / "journal.db").exists() and bool(viewed(folder).state.learning.rounds), 120
    )
    control.drop(folder, "stop")
    process.wait(60)
    state = viewed(folder).state
    assert state.learning.fills >= 1
    roles = [about.capture.role for about in state.kept()]
    assert roles.count(Role.ACTIVE) >= 1


def test_pipelined_proposals_know_what_is_pending(tmp_path: Path) -> None:
    session = recorded(tmp_path, TINY, lockstep=False)
    state = session.state
    assert len(state.kept(Role.SEED, Role.ACTIVE)) == 8
    assert len(set(state.settings())) == len(state.settings())
    first = state.learning.rounds[0]
    assert len(first.learnt_from) <= 4


def test_the_same_seed_gives_the_same_session_to_the_bit(finished: Path, tmp_path: Path) -> None:
    ours, theirs = viewed(finished), recorded(tmp_path, TINY)

    def story(session: Session) -> list[object]:
        told: list[object] = []
        for entry in session.journal.entries():
            fact = entry.fact
            if isinstance(fact, facts.TakeEnded):
                told += [fact.raw, fact.aligned, fact.figures]
            elif isinstance(fact, facts.CaptureOrdered):
                told.append(fact)
            elif isinstance(fact, facts.RoundLearned):
                told += [fact.values, fact.disagreement, fact.ensemble, fact.holdout_esr]
            elif isinstance(fact, facts.ModelTrained):
                told += [fact.model, fact.by_setting]
        return told

    assert story(ours) == story(theirs)


def test_an_lstm_ensemble_learns_a_switch_too(tmp_path: Path) -> None:
    text = TINY.replace("{size: nano", "{architecture: lstm, size: 1x4").replace(
        "preset: tweed", "preset: modern"
    )
    text = text.replace("final_size: nano", "final_size: 1x6").replace("tone: {", "treble: {")
    text = text.replace(
        "volume: {range: [1, 12], step: 0.1, rest: 1, play: [3, 9]}", "boost: {switch: [off, on]}"
    )
    session = recorded(tmp_path, text.replace("captures: 8, seeds: 4", "captures: 5, seeds: 4"))
    state = session.state
    assert len(state.learning.rounds) == 1
    assert state.learning.model is not None
    exported = json.loads((session.folder / state.learning.model.export.path).read_text())
    assert exported["architecture"] == "LSTM"
    assert exported["config"]["hidden_size"] == 6
    boosts = {setting.values[2] for setting in state.settings()}
    assert boosts == {0.0, 1.0}


def test_a_copied_and_renamed_session_is_the_same(copied: Path) -> None:
    moved = copied.rename(copied.with_name("anders benannt"))
    session = viewed(moved)
    assert verify(session).sound
    assert status(session).session == "anders benannt"


def test_a_session_made_halfway_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    (folder / "signal").mkdir(parents=True)
    (folder / "journal.db.part").write_bytes(b"half a journal")
    session = recorded(tmp_path, TINY.replace("captures: 8", "captures: 4"))
    assert verify(session).sound


def test_the_exported_model_is_valid_and_metrics_are_beside_it(finished: Path) -> None:
    exported = json.loads((finished / "model" / "reference.nam").read_text())
    assert exported["architecture"] == "WaveNet"
    assert exported["sample_rate"] == 48_000
    metrics = json.loads((finished / "model" / "metrics.json").read_text())
    assert len(metrics["by_setting"]) == 2


def test_raw_takes_are_kept_untouched(finished: Path) -> None:
    session = viewed(finished)
    take = session.state.takes.recent[-1]
    assert take.raw is not None
    rate, raw = store.read_wav(finished / take.raw.path)
    assert rate == 48_000
    assert raw.shape == (len(session.signal().send), 2)


def test_it_needs_no_folder_of_its_own_to_be_moved_away(copied: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    shutil.move(copied, target)
    ending = capture(Request(target), configuration.load(target / "rig.yaml"))
    assert not ending.failed

"""What goes wrong at night, on the virtual rig: noticed, written down, mended, and never kept."""

from pathlib import Path

import pytest

from calibration import levels
from calibration.takes import align, guitar_of
from rig import config as configuration
from rig.capture import Outcome, Role
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.devices.client import DevicesClient
from rig.session.facts import CapturesSuspected, TakeEnded
from rig.session.folder import Session
from rig.session.status import status
from rig.session.verify import verify
from tests.conftest import LAID_OUT

PLAIN = "interface: {driver: virtual, latency_frames: 311.3}"
PLAN = "plan: {captures: 8, seeds: 8, batch: 2, holdouts: 2, canary_every: 5}"
LONGER = "plan: {captures: 14, seeds: 10, batch: 4, holdouts: 2, canary_every: 4}"


def recorded(tmp_path: Path, faults: str, plan: str = PLAN, more: str = "") -> Session:
    text = LAID_OUT.replace(PLAN, plan).replace(
        PLAIN, f"interface: {{driver: virtual, latency_frames: 311.3, faults: [{faults}]{more}}}"
    )
    path = tmp_path / "rig.yaml"
    path.write_text(text, encoding="utf-8")
    capture(Request(tmp_path / "session", path), configuration.load(path))
    session = Session.view(tmp_path / "session")
    assert verify(session).sound
    return session


def rejected(session: Session) -> list[TakeEnded]:
    ended = (e.fact for e in session.journal.entries() if isinstance(e.fact, TakeEnded))
    return [fact for fact in ended if fact.outcome is Outcome.REJECTED]


def checks(session: Session) -> set[str]:
    return {reason.check for take in rejected(session) for reason in take.reasons}


def worst_kept(session: Session, folder: Path) -> float:
    """Record every kept setting once more on a healthy rig: the largest ESR to what was kept."""
    healthy = session.config.model_copy(
        update={"interface": session.config.interface.model_copy(update={"faults": ()})}
    )
    bench, signal = DevicesClient(healthy, folder / "again.log"), session.signal()
    bench.open()
    worst = 0.0
    for about in session.state.kept():
        assert about.kept is not None
        bench.dial(about.capture.setting)
        recording = bench.reamp(signal.send.astype("float32"))
        assert recording.loopback is not None
        heard = recording.returned.astype(float), recording.loopback.astype(float)
        again = levels.rms(guitar_of(align(*heard, signal).returned, signal))
        first = levels.rms(guitar_of(session.kept_audio(about.kept), signal))
        worst = max(worst, abs(levels.dbfs(again) - levels.dbfs(first)))
    bench.close()
    return worst


def test_an_unplugged_loopback_is_noticed_and_the_takes_recorded_again(tmp_path: Path) -> None:
    session = recorded(tmp_path, "{take: 6, kind: unplugged, takes: 2}")
    assert status(session).state == "finished"
    assert checks(session) == {"loopback"}
    assert len(rejected(session)) == 2
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 8


def test_a_level_jump_is_found_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    session = recorded(tmp_path, "{take: 10, kind: level, takes: 4}", LONGER)
    assert status(session).state == "finished"
    facts = [e.fact for e in session.journal.entries()]
    suspected = [fact for fact in facts if isinstance(fact, CapturesSuspected)]
    assert suspected or checks(session) & {"level", "replicate"}
    assert worst_kept(session, tmp_path) < 0.1


def test_flagged_blocks_are_recorded_again(tmp_path: Path) -> None:
    session = recorded(tmp_path, "{take: 5, kind: flag}, {take: 9, kind: flag}")
    assert checks(session) == {"dropout-flag"}
    assert len(rejected(session)) == 2
    assert status(session).state == "finished"


@pytest.mark.parametrize("knob", ["gain", pytest.param("volume", marks=pytest.mark.slow)])
def test_a_controller_that_stops_answering_is_found_by_the_next_canary(
    knob: str, tmp_path: Path
) -> None:
    session = recorded(tmp_path, f"{{take: 5, kind: stuck, knob: {knob}, takes: 6}}", LONGER)
    assert status(session).state == "finished", status(session).finish_reason
    facts = [e.fact for e in session.journal.entries()]
    suspected = [fact for fact in facts if isinstance(fact, CapturesSuspected)]
    assert suspected
    assert "replicate" in checks(session) or "level" in checks(session)
    assert worst_kept(session, tmp_path) < 0.1
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 14


def test_what_stays_suspect_teaches_nothing(tmp_path: Path) -> None:
    session = recorded(tmp_path, "{take: 5, kind: stuck, knob: gain, takes: 1000}", LONGER)
    now = status(session)
    assert now.state == "failed"
    assert "no longer sounds as it did" in str(now.finish_reason)
    suspects = {
        number
        for entry in session.journal.entries()
        if isinstance(entry.fact, CapturesSuspected)
        for number in entry.fact.captures
    }
    kept = {about.capture.number for about in session.state.kept()}
    assert suspects
    assert not suspects & kept
    assert worst_kept(session, tmp_path) < 0.1


def test_drift_is_found_by_canaries(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    drifting = "amp: {driver: virtual, preset: tweed, warmup_db: 1.0, warmup_s: 8}"
    text = LAID_OUT.replace("amp: {driver: virtual, preset: tweed}", drifting)
    path.write_text(text, encoding="utf-8")
    capture(Request(tmp_path / "session", path), configuration.load(path))
    session = Session.view(tmp_path / "session")
    assert status(session).state == "finished"
    reference = session.state.amp.reference
    assert reference is not None
    assert session.state.amp.canaries.index(reference) > 2, "it was warm too soon"
    figures = [canary.figures.get("replicate_esr", 1.0) for canary in session.state.amp.canaries]
    assert figures[-1] < 1e-3

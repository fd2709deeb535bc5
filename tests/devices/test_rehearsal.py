"""The virtual interface as an awkward one: drawn converters, and takes that are spoilt."""

from pathlib import Path

import numpy as np
import pytest

from rig import config as configuration
from rig.capture import Role
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.devices.virtual.rehearsal import Rehearsal
from rig.session.folder import Session
from rig.session.verify import verify
from tests.conftest import LAID_OUT

RATE = 48_000


def rehearsal(seed: int, spoilt_share: float = 0.0, takes: int = 0) -> Rehearsal:
    return Rehearsal(seed, loopback=True, spoilt_share=spoilt_share, sample_rate=RATE, takes=takes)


def click() -> np.ndarray:
    send = np.zeros(RATE // 2)
    send[2_000] = 0.5
    return send


def wire(audio: np.ndarray, positions: object) -> np.ndarray:
    return audio


def round_trip(studio: Rehearsal, take: int = 1) -> int:
    _, loopback = studio.play(click(), take, {"gain": 0.5}, wire)
    assert loopback is not None
    return int(np.argmax(np.abs(loopback - np.median(loopback)))) - 2_000


def test_a_take_is_the_same_for_the_same_number_and_every_opening_is_another() -> None:
    one, other = rehearsal(7), rehearsal(7)
    first, again = (each.play(click(), 1, {"gain": 0.5}, wire)[0] for each in (one, other))
    assert np.array_equal(first, again)
    trips = {round_trip(one)}
    for _ in range(4):
        one.open()
        trips.add(round_trip(one))
    trips.add(round_trip(rehearsal(7, takes=40)))
    assert len(trips) >= 3


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_as_many_takes_are_spoilt_as_was_asked_for(share: float) -> None:
    studio = rehearsal(3, share)
    spoilt = [studio.fault(take) for take in range(400)]
    assert sum(fault is not None for fault in spoilt) / 400 == pytest.approx(share, abs=0.06)
    kinds = {fault.kind.name for fault in spoilt if fault is not None}
    assert len(kinds) >= 30 * (share > 0)


def test_a_knob_that_is_off_is_off_in_the_amp() -> None:
    studio = rehearsal(3, 0.5)
    heard: list[dict[str, float]] = []

    def amp(audio: np.ndarray, positions: dict[str, float]) -> np.ndarray:
        heard.append(dict(positions))
        return audio

    asked = [{"gain": 0.1 + 0.01 * take, "tone": 0.9 - 0.01 * take} for take in range(60)]
    for take, point in enumerate(asked):
        studio.play(click(), take, point, amp)  # type: ignore[arg-type]
    differs = [take for take, point in enumerate(asked) if heard[take] != point]
    tells = [t for t in range(60) if (f := studio.fault(t)) is not None and f.kind.tells]
    assert differs
    assert set(differs) <= set(tells)


@pytest.mark.timeout(300)
def test_a_session_with_an_awkward_interface_and_spoilt_takes_is_captured(tmp_path: Path) -> None:
    text = LAID_OUT.replace(
        "{driver: virtual, latency_frames: 311.3}",
        "{driver: virtual, studio: 11, spoilt_share: 0.15}",
    )
    path = tmp_path / "rig.yaml"
    path.write_text(text, encoding="utf-8")
    ending = capture(Request(tmp_path / "session", path), configuration.load(path))
    assert not ending.failed, ending.reason
    session = Session.view(tmp_path / "session")
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 8
    assert session.state.takes.last > 13, "nothing was recorded again, so nothing was spoilt"
    assert verify(session).sound

"""What is listened to: amp and model equally loud, the difference as it is."""

from pathlib import Path

import numpy as np
import pytest

from rig.errors import SessionError
from rig.exchange.compared import compared, matched, recorded
from rig.exchange.final_model import final_model
from rig.exchange.loudness import SILENCE_LUFS, TARGET_LUFS, loudness_lufs
from rig.session.folder import Session
from rig.session.layout import supervisor_lock

RATE = 48_000


def noise(seed: int, level: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    drawn = np.random.default_rng(seed).standard_normal(2 * RATE)
    return (level * drawn).astype(np.float32)


def test_a_model_that_is_louder_is_not_heard_louder() -> None:
    tracks = matched(noise(0, 0.1), noise(0, 0.4), RATE)
    levels = [loudness_lufs(track.astype(float), RATE) for track in tracks]
    assert levels[0] == pytest.approx(levels[1], abs=0.1)
    # Three times as much is missing as there is of the amp: no gain makes that less.
    assert levels[2] - levels[0] == pytest.approx(20 * np.log10(3), abs=0.3)
    assert np.abs(tracks).max() <= 1.0


def test_silence_stays_silence() -> None:
    tracks = matched(noise(0, 0.1), np.zeros(2 * RATE, np.float32), RATE)
    assert not tracks[1].any()
    np.testing.assert_allclose(tracks[0], tracks[2])


def test_a_session_is_heard_at_one_level_everywhere(finished: Path) -> None:
    session = Session.view(finished)
    model = final_model(session)
    captures = recorded(session)
    found = [compared(session, model, about).tracks.astype(float) for about in captures[:4]]
    session.close()
    for tracks in found:
        amp, model_lufs = (loudness_lufs(track, RATE) for track in tracks[:2])
        assert min(amp, model_lufs) > SILENCE_LUFS
        # But for the faded ends of a loop of half a second.
        assert amp == pytest.approx(model_lufs, abs=0.1)
        assert amp <= TARGET_LUFS + 0.1


def test_nobody_is_sent_to_train_what_a_capture_makes_by_itself(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session.view(copied)
    monkeypatch.setattr(session.state.learning, "model", None)
    with pytest.raises(SessionError, match=r"; 'rig train .*' makes it$"):
        final_model(session)
    with supervisor_lock(copied), pytest.raises(SessionError, match="; the capture that runs"):
        final_model(session)
    # Of too few recordings none can be made, and 'rig train' would only say so.
    monkeypatch.setattr("rig.exchange.final_model.LEAST_CAPTURES", 100)
    with pytest.raises(SessionError, match=r"; 'rig capture --session .*' goes on, and makes it$"):
        final_model(session)
    session.close()

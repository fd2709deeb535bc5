"""Pots that close: found by the night, silent in the model."""

from pathlib import Path

import torch

from models.networks.spec import play
from rig import config as configuration
from rig.capture import Role
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.exchange.final_model import final_model
from rig.learner.final import tried_ends
from rig.session.folder import Session
from rig.session.pots import closed_pots
from tests.conftest import TINY

#: An amp whose volume and master close, and whose tone controls do not.
CLOSING = TINY.replace("preset: tweed", "preset: foreign-13").replace(
    TINY[TINY.index("knobs:") : TINY.index("signal:")],
    "knobs: {volume: {range: [0, 10], step: 0.1}, mid: {range: [0, 10], step: 0.1}, "
    "master: {range: [0, 10], step: 0.1}}\n",
)


def captured(folder: Path) -> Session:
    (folder / "rig.yaml").write_text(CLOSING, encoding="utf-8")
    config = configuration.load(folder / "rig.yaml")
    ending = capture(Request(folder / "session", folder / "rig.yaml"), config)
    assert not ending.failed, ending.reason
    return Session.view(folder / "session")


def test_a_volume_at_zero_is_silent_in_the_model(tmp_path: Path) -> None:
    session = captured(tmp_path)
    panel, learner = session.config.panel, session.config.learner
    closed = closed_pots(session.state, panel, learner.audible_range_db)
    assert [panel.knobs[pot.knob].name for pot in closed] == ["volume", "master"]
    model = final_model(session)
    guitar = torch.from_numpy(session.signal().send[:48_000]).float()

    def level_db(*knobs: float) -> float:
        played = play(model, guitar, torch.tensor(knobs))
        return float(10 * (played**2).mean().log10())

    open_db = level_db(0.8, 0.5, 0.8)
    for shut in ((0.0, 0.5, 0.8), (0.8, 0.5, 0.0)):
        assert level_db(*shut) < open_db - 40.0
    # What does not close is a test there: never learnt, and heard.
    (end,) = tried_ends(session, model)
    assert end.words == "mid 0"
    assert 0.0 < end.off_db < 60.0
    # Only just there: a hundredth further it is what it was taught.
    assert level_db(0.01, 0.5, 0.8) > open_db - 10.0
    assert level_db(0.8, 0.0, 0.8) > open_db - 10.0


def test_what_is_known_of_pots_is_not_asked_again(tmp_path: Path) -> None:
    first = captured(tmp_path)
    takes = first.state.takes.last
    assert captured(tmp_path).state.takes.last == takes
    asked = {*first.state.settings()}
    looks = [c.capture for c in first.state.captures.values() if c.capture.role is Role.LOOK]
    assert sum(look.setting not in asked for look in looks) == 3

"""The ``rig listen`` command: the amp, its model and the difference, through the interface."""

from typing import TYPE_CHECKING, Any

from rig.cli.asking import At, SessionFolder, model_of, setting_of, view, warn
from rig.cli.common import out
from rig.cli.performing import (
    Block,
    HostApi,
    Input,
    Output,
    Outputs,
    Seconds,
    perform,
    player_log,
    playing_config,
)
from rig.errors import SessionError
from rig.printable import count_of

if TYPE_CHECKING:
    from rig.exchange.compared import Compared
    from rig.player.client import Player
    from rig.session.captures import CaptureState
    from rig.session.folder import Session

KEYS = "1 amp  2 model  3 difference  space amp or model  n p another setting  + - level  q leave"
#: Nobody plays live here: a large slack costs nothing.
SLACK_BLOCKS = 8


def listen(
    session: SessionFolder,
    at: At = None,
    input_device: Input = None,
    output_device: Output = None,
    host_api: HostApi = None,
    outputs: Outputs = 2,
    block: Block = 256,
    seconds: Seconds = None,
) -> None:
    """Compare the amp with its model by ear, at settings that were recorded, the worst first."""
    opened = view(session)
    try:
        config = playing_config(opened, (input_device, output_device, host_api), 1, block, "listen")
        booth = _Booth(opened, model_of(opened), _first(opened, at))
        from rig.player.client import Player

        with Player(config, player_log()) as player:
            booth.player = player
            tracks = booth.found.tracks
            player.play_tracks(tracks, outputs=outputs, slack_blocks=SLACK_BLOCKS)
            perform(player, booth.picture, booth.press, seconds)
            player.stop()
        out.print(f"listened at {count_of(len(booth.heard), 'setting')}, last: {booth.told()}")
    finally:
        opened.close()


def _first(session: "Session", at: list[str] | None) -> "list[CaptureState]":
    """Return what was recorded; where a setting was typed, the nearest to it first."""
    from rig.exchange.compared import recorded

    found = recorded(session)
    if not found:
        raise SessionError(f"{session.folder}: has no recordings to listen to yet")
    if not at:
        return found
    panel, wanted = session.config.panel, setting_of(session, at)
    target = panel.point(wanted)
    found.sort(key=lambda about: float(abs(panel.point(about.capture.setting) - target).max()))
    nearest = found[0].capture.setting
    if nearest != wanted:
        said = f"{panel.describe(wanted)} was not recorded; {panel.describe(nearest)} is nearest"
        warn([said])
    return found


# Tracks are made when a setting is chosen: all of a night's would be gigabytes.
class _Booth:
    """What is listened to, and what keys do."""

    def __init__(self, session: "Session", model: Any, captures: "list[CaptureState]") -> None:
        self._session, self._model, self._captures = session, model, captures
        self._place, self._track, self._level_db = 0, 0, 0.0
        self.player: Player | None = None
        self.heard: set[int] = set()
        self.found: Compared = self._compared()

    def _compared(self) -> "Compared":
        from rig.exchange.compared import compared

        self.heard.add(self._place)
        return compared(self._session, self._model, self._captures[self._place])

    def press(self, key: str) -> None:
        """Do what a key means."""
        player = self.player
        assert player is not None
        if key in "123 ":
            self._track = int(self._track == 0) if key == " " else int(key) - 1
            player.set(track=self._track)
        elif key in "np":
            step = 1 if key == "n" else -1
            self._place = (self._place + step) % len(self._captures)
            self.found = self._compared()
            player.exchange(self.found.tracks)
        elif key in "+-":
            self._level_db = min(max(self._level_db + (1.0 if key == "+" else -1.0), -60.0), 40.0)
            player.set(level_db=self._level_db)

    def told(self) -> str:
        """Say which setting is heard, and how good the model is there."""
        found = self.found
        heard = "never trained on" if found.held_out else "trained on"
        setting = self._session.config.panel.describe(found.setting)
        return f"{setting}, {heard}, ESR {found.esr:.2g}"

    def picture(self, report: Any) -> Any:
        """Draw a report."""
        from rig.exchange.compared import TRACKS
        from rig.monitor.performance import Row, performance

        rows = [
            Row(name, "heard" if place == self._track else "", float(place == self._track),
                str(place + 1), place == self._track)
            for place, name in enumerate(TRACKS)
        ]  # fmt: skip
        assert self._session.state.created is not None
        rate = self._session.state.created.sample_rate
        title = f"{self._place + 1} of {len(self._captures)}: {self.told()}"
        title += f", {self._level_db:+.0f} dB" if self._level_db else ""
        return performance(title, rows, report, -1, rate, KEYS)

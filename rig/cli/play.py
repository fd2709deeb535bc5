"""The ``rig play`` command: the model as an amp, played through the interface."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rig.cli.asking import At, SessionFolder, model_of, setting_of, view
from rig.cli.common import out
from rig.cli.performing import (
    Block,
    HostApi,
    Input,
    Output,
    Outputs,
    Seconds,
    Slack,
    perform,
    player_log,
    playing_config,
)
from rig.cli.writing import Force, new_folder, refuse_existing
from rig.errors import SessionError, UsageError
from rig.printable import count_of

if TYPE_CHECKING:
    from rig.monitor.performance import Row
    from rig.player.client import Player
    from rig.player.hands import Hands
    from rig.session.folder import Session

KEYS = (
    "←→ knob  ↑↓ turn  < > far  r reference  c input  b bypass  + - level  m learn a "
    "controller  q leave"
)


# Options in the order in which a player thinks of them: setting, knobs, cables, lateness, files.
def play(
    session: SessionFolder,
    at: At = None,
    ensemble: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Play this member of the last ensemble instead."),
    ] = None,
    midi: Annotated[
        str | None, typer.Option("--midi", metavar="PORT", help="A MIDI input for the knobs.")
    ] = None,
    midi_api: Annotated[str, typer.Option(help="As amp.api in rig.yaml.")] = "auto",
    cc: Annotated[
        list[str] | None,
        typer.Option("--cc", metavar="KNOB=NUMBER", help="Which controller turns which knob."),
    ] = None,
    input_device: Input = None,
    output_device: Output = None,
    host_api: HostApi = None,
    channel: Annotated[
        int, typer.Option(min=1, max=64, help="The input that the guitar comes in on.")
    ] = 1,
    outputs: Outputs = 2,
    block: Block = 128,
    slack: Slack = 3,
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="FILE.wav", help="Write what is heard into a file."),
    ] = None,
    seconds: Seconds = None,
    force: Force = False,
) -> None:
    """Play the model in real time: guitar in, amp out, knobs by keys and MIDI controllers."""
    opened = view(session)
    try:
        devices = (input_device, output_device, host_api)
        config = playing_config(opened, devices, channel, block, "play")
        _refuse_record(opened, record, force)
        made = "" if record is None else new_folder(record)
        wires = _wires(opened, cc or [])
        start, section = setting_of(opened, at), _section(opened, ensemble)
        from rig.player.client import Player
        from rig.player.hands import Hands

        with Player(config, player_log()) as player:
            hands = Hands(opened.config.panel, start, wires, player.turn)
            player.play_model(
                section,
                hands.point,
                outputs=outputs,
                slack_blocks=slack,
                record=None if record is None else str(record.absolute()),
            )
            stage = _Stage(opened, player, hands, channel - 1, ensemble)
            with _controllers(midi, midi_api, hands):
                perform(player, stage.picture, stage.press, seconds)
            _leave(player, record, made, config.interface.sample_rate)  # type: ignore[union-attr]
    finally:
        opened.close()


# A session's folder has one door, and a file that grows for an hour does not fit through it.
def _refuse_record(session: "Session", record: Path | None, force: bool) -> None:
    if record is None:
        return
    if record.suffix.lower() != ".wav":
        raise UsageError(f"{record}: rig records WAV: choose a name that ends in .wav")
    if record.absolute().is_relative_to(session.folder.absolute()):
        raise UsageError(f"{record}: lies in the session's folder; record somewhere else")
    refuse_existing(record, force)


def _wires(session: "Session", typed: list[str]) -> dict[int, int]:
    """Return which controller turns which knob, by its place."""
    from rig.player.wires import controllers

    names, numbers = list(session.config.knobs), dict[str, int]()
    for word in (part for text in typed for part in text.split(",")):
        name, _, number = (part.strip() for part in word.partition("="))
        if name not in names:
            known = ", ".join(names)
            raise UsageError(f"--cc {word}: there is no knob {name!r}: there are {known}")
        if not number.isdecimal() or int(number) > 119:
            raise UsageError(f"--cc {word}: controllers have numbers from 0 to 119")
        if int(number) in (n for other, n in numbers.items() if other != name):
            raise UsageError(f"--cc {word}: another knob has that controller already")
        numbers[name] = int(number)
    own = {name: knob.cc for name, knob in session.config.knobs.items()}
    return controllers(session.config.panel, own, numbers)


# The section is all that the player gets: it loads no torch, and asks no session.
def _section(session: "Session", member: int | None) -> dict[str, Any]:
    """Return the model as it goes to the player: the final one, or a member of the ensemble."""
    from models.nam.embedded import embedded
    from rig.exchange.nam import faceplate

    if member is None:
        return embedded(model_of(session), faceplate(session))
    from rig.learner.rounds import last_ensemble

    last = last_ensemble(session)
    if last is None:
        raise SessionError(f"{session.folder}: has no ensemble; leave --ensemble out")
    if member > last[0].members:
        raise UsageError(
            f"--ensemble {member}: the last round's has {count_of(last[0].members, 'member')}"
        )
    return embedded(last[0], faceplate(session), member - 1)


def _controllers(midi: str | None, api: str, hands: "Hands") -> Any:
    from contextlib import nullcontext

    if midi is None:
        return nullcontext()
    from rig.player.midi import ControllerInput

    return ControllerInput(midi, api, hands.controller)


# Keys act on the player at once; the picture is drawn from what it reports.
class _Stage:
    """What keys do, and what the terminal shows."""

    def __init__(
        self, session: "Session", player: "Player", hands: "Hands", channel: int, member: int | None
    ) -> None:
        self._session, self._player, self._hands = session, player, hands
        self._channel, self._level_db, self._bypassed = channel, 0.0, False
        which = "" if member is None else f", member {member} of the ensemble"
        self._title = f"{session.config.name}{which}"

    def press(self, key: str) -> None:
        """Do what a key means."""
        from rig.monitor.keys import DOWN, LEFT, RIGHT, UP
        from rig.player.hands import STEP, STRIDE

        travel = {UP: STEP, "k": STEP, DOWN: -STEP, "j": -STEP, ">": STRIDE, "<": -STRIDE}
        ways = {RIGHT: 1, "l": 1, LEFT: -1, "h": -1}
        if key in travel:
            self._hands.turn(travel[key])
        elif key in ways:
            self._hands.choose(ways[key])
        elif key == "r":
            self._hands.put(self._session.config.panel.reference)
        elif key == "m":
            self._hands.learns = not self._hands.learns
        else:
            self._sound(key)

    def _sound(self, key: str) -> None:
        if key == "c" and self._player.last is not None:
            self._channel = (self._channel + 1) % len(self._player.last.inputs_dbfs)
            self._player.set(channel=self._channel)
        elif key == "b":
            self._bypassed = not self._bypassed
            self._player.set(bypassed=self._bypassed)
        elif key in "+-":
            self._level_db = min(max(self._level_db + (1.0 if key == "+" else -1.0), -60.0), 12.0)
            self._player.set(level_db=self._level_db)

    def _rows(self) -> "list[Row]":
        from rig.monitor.performance import Row

        hands = self._hands
        numbers = {place: f"CC {number}" for number, place in hands.wires.items()}
        if hands.learns:
            numbers[hands.chosen] = "move a controller"
        told = zip(hands.panel.knobs, hands.values(), hands.point, strict=True)
        return [
            Row(knob.name, value, float(unit), numbers.get(place, ""), place == hands.chosen)
            for place, (knob, value, unit) in enumerate(told)
        ]

    def picture(self, report: Any) -> Any:
        """Draw a report."""
        from rig.monitor.performance import performance

        assert self._session.state.created is not None
        rate = self._session.state.created.sample_rate
        title = self._title + (", bypassed" if self._bypassed else "")
        title += f", {self._level_db:+.0f} dB" if self._level_db else ""
        return performance(title, self._rows(), report, self._channel, rate, KEYS)


def _leave(player: "Player", record: Path | None, made: str, sample_rate: int) -> None:
    """Close everything, and say last what was written."""
    from rig.monitor.performance import sentence

    last, recorded_s = player.last, player.stop()
    if last is not None:
        out.print(f"played {last.played_s:.1f} s: {sentence(last, sample_rate)}")
    if record is not None:
        out.print(f"wrote {record}{made}: {recorded_s:.1f} s", markup=False)

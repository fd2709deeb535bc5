"""A session as plain lines, for terminals that only print, and for pipes."""

from collections.abc import Iterator
from datetime import datetime

from rig.monitor.view import View
from rig.monitor.words import counted, error, left, outcome, state
from rig.printable import pasteable


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%H:%M:%S}"


class Lines:
    """Tells what has happened since it was last asked, a line each."""

    def __init__(self) -> None:
        self._take, self._round, self._said = 0, 0, ""

    def news(self, view: View) -> Iterator[str]:
        """Yield what is new, each line with the time of day."""
        clock = _clock(view.now)
        yield from self._takes(view)
        for text in [*self._rounds(view), *self._state(view)]:
            yield f"{clock}  {text}"

    def _takes(self, view: View) -> Iterator[str]:
        for ended in view.recent:
            take = ended.take
            if take.take > self._take:
                told = outcome(take, view.panel.describe(ended.setting))
                # Whoever joins late is told when it was, and not that it is now.
                number = f"take {take.take} ({ended.role.value})"
                yield f"{_clock(ended.at)}  {number} {take.outcome.value}: {told}"
                self._take = take.take

    def _rounds(self, view: View) -> Iterator[str]:
        for learnt in view.rounds:
            if learnt.round > self._round:
                yield f"round {learnt.round} learnt: holdout ESR {error(learnt.holdout_esr)}"
                self._round = learnt.round

    def _state(self, view: View) -> Iterator[str]:
        """Say how it stands, where that or the number of captures is another one."""
        doing = view.doing
        asked = ", ".join(f"{m.knob} to {m.stop:g}" for m in view.live.prompt) if view.live else ""
        pressed = bool(view.live and view.live.foot_switch) * ", then press the foot switch"
        known = f"{state(view)}, {counted(view)}"
        # By what changes, and not by the time left, which always does.
        if (said := f"{known} {doing} {asked}") != self._said:
            self._said = said
            parts = [
                known,
                left(view),
                pasteable(doing, view.folder),
                f"turn {asked}{pressed}" * bool(asked),
            ]
            yield ", ".join(part for part in parts if part)

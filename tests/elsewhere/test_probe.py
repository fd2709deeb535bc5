"""A cluster that accepts and never answers holds nobody, and what broke off there is said."""

import sys
from dataclasses import replace

import pytest

from rig import waits
from rig.elsewhere.cluster import Seat
from rig.elsewhere.probe import answers
from rig.elsewhere.trouble import Trouble
from rig.errors import StorageError


def test_who_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "CLUSTER_ANSWERS", replace(waits.CLUSTER_ANSWERS, s=0.2))
    mute = [sys.executable, "-c", "import sys; sys.stdin.close(); __import__('time').sleep(60)"]
    with pytest.raises(Trouble, match=r"a:1: the cluster does not answer within 0\.2 s"):
        answers("a:1", mute)


def test_what_was_tried_and_failed_is_told_in_its_own_words() -> None:
    with pytest.raises(Trouble, match=r"^a:1: nobody listens there \(Connection refused\)$"):
        answers("a:1", [sys.executable, "-c", FAILS])
    answers("a:1", [sys.executable, "-c", "print('here I am')"])


FAILS = "print('noise'); print('a:1: nobody listens there (Connection refused)'); exit(1)"


class TaskError(Exception):
    """As Ray's: its words are another machine's traceback, its cause what was raised there."""

    def __init__(self, cause: Exception | None) -> None:
        super().__init__("\x1b[36mray::Workshop.take()\x1b[39m (pid=1) Traceback: ^^^^ the end")
        self.cause = cause


def test_what_was_raised_there_is_told_and_no_traceback() -> None:
    seat = Seat(None, None, "box", "1")
    full = StorageError("/cache: No space left on device")
    told = str(seat.lost(TaskError(full)))
    assert told == "box: the work there broke off (StorageError: /cache: No space left on device)"
    told = str(seat.lost(TaskError(None)))
    assert told.endswith("Traceback: ^^^^ the end)")
    assert "\x1b" not in told

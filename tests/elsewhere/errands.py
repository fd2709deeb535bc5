"""Errands that go wrong, in place of the real one: run as ``python -m`` by `test_worker`.

What each does is said by the variable ERRAND; where some attempts differ, they are counted in the
file that ATTEMPTS names.
"""

import json
import os
import sys
import time
from pathlib import Path

from rig.child import Parent
from rig.elsewhere.parts import stored_as
from rig.session.facts import FACT, RoundLearned

ENSEMBLE = b"weights"


def answered(round_number: int, content: bytes = ENSEMBLE) -> dict[str, object]:
    """An answer to a round, which asks for nothing."""
    fact = RoundLearned(
        round=round_number,
        strategy="x",
        values=(),
        disagreement=(),
        learnt_from=(1, 2),
        ensemble_esr=0.5,
        holdout_esr=None,
        seconds=1.0,
        ensemble=stored_as(f"rounds/{round_number:03d}/ensemble.safetensors", content),
    )
    told: dict[str, object] = FACT.dump_python(fact, mode="json")
    return told


def bring(parent: Parent, path: str, content: bytes = ENSEMBLE, sent: bytes | None = None) -> None:
    """Bring a file, or something else than was said."""
    parent.send({"file": stored_as(path, content).model_dump()}, content if sent is None else sent)


def begin(parent: Parent, kind: str, number: int) -> None:
    """Go wrong before there is an answer, or go on."""
    if kind == "unreachable":
        time.sleep(60)
    if kind == "refused":
        parent.send({"trouble": "no connection", "again": False, "node": None})
        sys.exit()
    parent.send({"connected": True})
    if kind == "dies" or (kind == "dies once" and number == 1):
        os._exit(9)
    if kind == "silent":
        time.sleep(60)
    if kind == "sick":
        parent.send({"trouble": "box-1: no memory", "again": True, "node": f"node-{number}"})
        sys.exit()
    if kind == "checkpoint":
        told = stored_as("rounds/unfinished-0123456789abcdef.pt", b"half way").model_dump()
        parent.send({"checkpoint": told}, b"half way")
        if number == 1:
            os._exit(9)


def main() -> None:
    """Go wrong as was asked."""
    parent = Parent()
    order, _ = parent.receive()
    attempts = Path(os.environ["ATTEMPTS"])
    number = len(attempts.read_text().splitlines()) + 1 if attempts.exists() else 1
    with attempts.open("a") as out:
        out.write(json.dumps(order) + "\n")
    kind, round_number = os.environ["ERRAND"], order["job"]["round"]
    begin(parent, kind, number)
    own = f"rounds/{round_number:03d}/ensemble.safetensors"
    if kind == "half":
        bring(parent, own, sent=ENSEMBLE[:-1])
    elif kind == "stray":
        bring(parent, "rig.yaml")
    elif kind != "nothing":
        bring(parent, own, b"others" if kind == "another" else ENSEMBLE)
    wrong = round_number + 1 if kind == "wrong round" else round_number
    for _ in range(2 if kind == "twice" else 1):
        parent.send({"fact": answered(wrong)})
    time.sleep(60)


if __name__ == "__main__":
    main()

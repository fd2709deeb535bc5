"""Several final models at once: each from its own seed, and the one that errs least is kept."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rig.elsewhere.cluster import Seat
from rig.elsewhere.errand import Errand, _Work
from rig.elsewhere.parts import parts_of, stored_as
from rig.elsewhere.trouble import Trouble
from rig.elsewhere.workshop import Workshop
from rig.learner import final
from rig.learner.client import Job
from rig.session.folder import Session

FINAL = Job(final=True, round=2)


class Place(Seat):
    """A workshop without a cluster: its answer, or what became of it."""

    def __init__(self, name: str, answer: dict[str, Any] | None) -> None:
        super().__init__(None, None, name, f"node of {name}")
        object.__setattr__(self, "found", answer)

    def is_done(self, pending: Any, wait_s: float = 0.0) -> bool:
        return getattr(self, "found") is not None  # noqa: B009

    def answer(self, pending: Any) -> dict[str, Any]:
        found: dict[str, Any] = getattr(self, "found")  # noqa: B009
        return found

    def call(self, name: str, *arguments: object, timeout_s: float = 0.0) -> Any:
        if name == "look":
            raise self.trouble("the plug was pulled")
        return b"of " + self.host.encode()


def chosen(*places: Place) -> list[tuple[dict[str, object], bytes]]:
    """What an errand brings from several workshops."""
    brought: list[tuple[dict[str, object], bytes]] = []

    class Parent:
        """Hears what the errand says."""

        def send(self, message: dict[str, object], block: bytes = b"") -> None:
            brought.append((message, block))

    errand = Errand.__new__(Errand)
    errand._parent = Parent()  # type: ignore[assignment]
    errand._work([_Work(place, None) for place in places])
    return brought


def answered(error: float | None) -> dict[str, Any]:
    return {"fact": {"x": error}, "files": [stored_as("a", b"").model_dump()], "error": error}


def test_the_one_that_errs_least_comes_with_its_own_files() -> None:
    places = [Place("a", answered(0.3)), Place("b", answered(0.1)), Place("c", answered(0.2))]
    (said, _), (_, block), (message, _) = chosen(*places)
    assert said == {
        "says": "kept is number 2 of 3 final models, which errs least at what it learnt"
    }
    assert block == b"of b"
    assert message == {"fact": {"x": 0.1}}


def test_where_nothing_tells_them_apart_it_is_the_one_that_would_be_learnt_here() -> None:
    _, (_, block), _ = chosen(Place("a", answered(None)), Place("b", answered(None)))
    assert block == b"of a"


def test_one_that_is_lost_costs_its_own_model_only() -> None:
    _, (_, block), _ = chosen(
        Place("a", None), Place("b", answered(0.5)), Place("c", {"trouble": "x"})
    )
    assert block == b"of b"
    with pytest.raises(Trouble, match="the plug was pulled"):
        chosen(Place("a", None))
    with pytest.raises(Trouble, match="the plug was pulled"):
        chosen(Place("a", None), Place("b", {"trouble": "no memory"}))


def test_a_variant_has_another_seed_and_the_first_is_the_local_one(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_ELSEWHERE", str(tmp_path / "there"))
    session = Session.view(copied)
    models, errors = [], []
    for variant in (0, 1):
        parts = replace(parts_of(session, FINAL, 1), variant=variant)
        workshop = Workshop()
        workshop.expect(parts.packed())
        for file in parts.every_file:
            workshop.take(session.door.read(file.path, file.size))
        answer = json.loads(workshop.work())
        models.append(answer["fact"]["model"]["sha256"])
        errors.append(answer["error"])
    here = final.train_final(session, lambda _: None)
    session.close()
    assert models[0] == here.model.sha256 != models[1]
    assert all(error > 0 for error in errors)
    assert errors[0] != errors[1]

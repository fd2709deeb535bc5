"""Wiring mistakes on amps that nobody built: each recognised and named, and no false alarm."""

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from calibration.checks import Limits
from rig.preflight.amp import come_to_rest
from rig.preflight.finding import Finding, Grade
from rig.preflight.knob_rows import knob_rows
from rig.preflight.knobs import Wires
from rig.preflight.probe import Probe
from rig.proposals import designs
from rig.session.signal import compose_signal
from tests.preflight.rehearsal import RATE, Memory, Rehearsal, random_rig

#: Five rigs always, fifteen more where there is time; of so many of those, one may be missed.
RIGS = [
    pytest.param(range(1, 6), id="five"),
    pytest.param(range(6, 21), id="fifteen more", marks=pytest.mark.slow),
]
MISSED_OF = 10
TURNING = ("gain", "bass", "middle", "treble", "master")


def silent(_what: str) -> None:
    return None


@pytest.fixture(scope="module", params=RIGS)
def memories(request: pytest.FixtureRequest) -> dict[int, Memory]:
    """What each amp sounds like; a miswired rig is the same amp at other settings."""
    return {number: Memory() for number in request.param}


def rows_of(number: int, memory: Memory, miswiring: str = "[]") -> list[Finding]:
    """What the check says of every knob of a rig."""
    config = random_rig(number, miswiring)
    signal = compose_signal(config.signal, Path(), RATE)
    rehearsal = Rehearsal(config, memory, number)
    limits = Limits(**config.checks.model_dump())
    probe = Probe(rehearsal, config.panel, signal, config.signal.peak_dbfs, limits, None)  # type: ignore[arg-type]
    reference = designs.reference(config.panel)
    rest = come_to_rest(probe, reference, probe.take(reference), silent)
    wires = Wires(probe, config, reference, rest)
    wires.listen(silent)
    return list(knob_rows(wires, config, silent))


def bad(rows: list[Finding]) -> dict[str, str]:
    return {row.name.removeprefix("knob "): row.advice for row in rows if not row.passed}


def pairs(seed: int, rigs: Iterable[int]) -> Iterator[tuple[int, str, str]]:
    """A rig and two of its knobs, drawn anew for each kind of mistake."""
    chosen = random.Random(seed)
    for number in rigs:
        first, second = chosen.sample(TURNING, 2)
        yield number, first, second


def test_no_false_alarm_in_healthy_rigs(memories: dict[int, Memory]) -> None:
    found = {number: bad(rows_of(number, memory)) for number, memory in memories.items()}
    assert not any(found.values()), found


def missed(
    kind: str, seed: int, memories: dict[int, Memory]
) -> list[tuple[int, str, str, dict[str, str]]]:
    """Rigs in which a mistake was not recognised, or something else was made of it."""
    words = {
        "dead": lambda a, b: {a: "nothing was heard of it"},
        "shared": lambda a, b: {a: f"same control as {b}", b: f"same control as {a}"},
        "swapped": lambda a, b: {a: f"does what {b} should", b: f"does what {a} should"},
        "reversed": lambda a, b: {a: "does what turning it down should"},
    }
    found = []
    for number, first, second in pairs(seed, memories):
        other = f", other: {second}" if kind in ("shared", "swapped") else ""
        rows = bad(rows_of(number, memories[number], f"[{{kind: {kind}, knob: {first}{other}}}]"))
        wanted = words[kind](first, second)
        if set(rows) != set(wanted) or any(said not in rows[knob] for knob, said in wanted.items()):
            found.append((number, first, second, rows))
    return found


@pytest.mark.parametrize(
    ("kind", "seed"), [("dead", 1), ("shared", 2), ("swapped", 3), ("reversed", 4)]
)
def test_each_mistake_is_recognised(kind: str, seed: int, memories: dict[int, Memory]) -> None:
    wrong = missed(kind, seed, memories)
    assert len(wrong) <= len(memories) // MISSED_OF, wrong


def test_findings_say_what_to_do() -> None:
    rows = rows_of(1, Memory(), "[{kind: reversed, knob: bass}]")
    verdicts = {row.name: row.verdict for row in rows}
    assert verdicts["knob bass"] is Grade.BAD
    assert verdicts["knob gain"] is Grade.GOOD

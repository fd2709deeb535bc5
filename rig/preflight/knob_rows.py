"""A row for every knob: what it does, and what is wrong with its wire."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from rig.config import Config, KnobConfig
from rig.preflight.finding import Finding, Grade
from rig.preflight.knobs import Heeded, Suspicion, Wires
from rig.preflight.probe import Say
from rig.printable import count_of


def knob_rows(
    wires: Wires, config: Config, say: Say, *, concludes: bool = True
) -> Iterator[Finding]:
    """A row for every knob.

    Args:
        wires: What was heard of them.
        config: The configuration.
        say: Told what is being looked at.
        concludes: Whether differences between takes say something of the knobs.
    """
    if concludes:
        yield from _judged(wires, config, say)
    else:
        advice = "not judged while something is on that sounds by itself"
        for name in wires.ends:
            yield replace(_row(wires, name), verdict=Grade.NOTE, advice=advice)
    by_hand = [knob.name for knob in wires.panel.knobs if knob.by_hand]
    if by_hand:
        names = ", ".join(by_hand)
        yield Finding("by hand", names, "", Grade.NOTE, "somebody turns these all night")


def _judged(wires: Wires, config: Config, say: Say) -> Iterator[Finding]:
    heeded = wires.heeded(say)
    shared = wires.shared(heeded, say)
    turning = [
        knob.name
        for knob in wires.panel.knobs
        if knob.name in heeded
        and not knob.is_switch
        and heeded[knob.name].turns
        and not any(knob.name in pair for pair in shared)
    ]
    # Of knobs that share a control, or are hardly heard, any wire would look like a wrong one.
    suspicions = wires.suspicions(turning, say)
    for name in wires.ends:
        yield _judgement(wires, config.knobs, name, heeded[name], shared, suspicions)


def _row(wires: Wires, name: str) -> Finding:
    change = float(np.mean(wires.ends[name].response.quiet_db))
    figure = f"{change:+.1f} dB, ESR {wires.change(name):.1e}"
    return Finding(f"knob {name}", figure, f"over {wires.limit:.1e}")


def _judgement(
    wires: Wires,
    knobs: Mapping[str, KnobConfig],
    name: str,
    heeded: Heeded,
    shared: list[tuple[str, str]],
    suspicions: list[Suspicion],
) -> Finding:
    row = _row(wires, name)
    if heeded.is_dead:
        tried = count_of(heeded.settings, "setting")
        advice = f"nothing was heard of it at {tried}: {_look(name, knobs)}"
        return replace(row, verdict=Grade.BAD, advice=advice)
    if heeded.between:
        advice = "both ends sound alike, what lies between does not: is its range right?"
        return replace(row, verdict=Grade.NOTE, advice=advice)
    if heeded.where:
        return replace(row, figure=f"heard with {heeded.where}")
    for pair in shared:
        if name in pair:
            other = pair[1 - pair.index(name)]
            advice = f"it turns the same control as {other}: {_look(name, knobs)}"
            return replace(row, verdict=Grade.BAD, advice=advice)
    for suspicion in suspicions:
        if name in suspicion.mistake.knobs:
            return replace(row, verdict=suspicion.grade, advice=_mistake(name, knobs, suspicion))
    return row


def _mistake(name: str, knobs: Mapping[str, KnobConfig], suspicion: Suspicion) -> str:
    mistake = suspicion.mistake
    is_sure = suspicion.grade is Grade.BAD
    if mistake.kind == "swapped":
        other = mistake.knobs[1 - mistake.knobs.index(name)]
        what = f"does what {other} should, and {other} what this should"
        remedy = f"exchange their '{_wire(knobs[name])}' in rig.yaml"
    else:
        what = "turning it up does what turning it down should"
        remedy = _turn_round(name, knobs[name])
    if is_sure:
        return f"{what}: {remedy}"
    return f"at one setting it {what}, at another not: listen to it; if so, {remedy}"


def _look(name: str, knobs: Mapping[str, KnobConfig]) -> str:
    key = _wire(knobs[name])
    return f"look at knobs.{name}.{key} in rig.yaml, at the amp's channel and MIDI map"


def _turn_round(name: str, knob: KnobConfig) -> str:
    if knob.wires and knob.program is None:
        low, high = knob.send_span
        return f"set knobs.{name}.send to [{high}, {low}]"
    return f"look at knobs.{name} in rig.yaml, and at the amp's own range for it"


def _wire(knob: KnobConfig) -> str:
    """The key that says how a knob is set."""
    return next(iter(knob.wires), "control")

"""Gather what a report shows from an open session; nothing here loads torch or touches a device."""

import json
import math
import platform
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import version
from statistics import median
from typing import Any

from rig.capture import Role
from rig.errors import SessionError
from rig.knobs import Knob
from rig.report.figures import CalibrationFigure, KnobFigure, Report, SettingFigure
from rig.report.spent import kept_share, spent
from rig.report.timeline import Timeline
from rig.session import staging
from rig.session.captures import CaptureState
from rig.session.expectation import expectations
from rig.session.facts import FoundError
from rig.session.folder import Session
from rig.session.layout import is_running, is_supervised
from rig.session.plausible import Plausible
from rig.session.status import finish_reason, state_name
from rig.session.verdict import EXCEPT, verdict, weak_region

#: A metrics file has some kilobytes; it may be a stranger's.
MOST_METRICS_BYTES = 4_000_000
#: What is told of the rig: the figure of a take, what it is called, its unit.
CALIBRATED = (
    ("latency_frames", "round-trip latency", "frames"),
    ("noise_dbfs", "noise of the return", "dBFS"),
    ("return_peak_dbfs", "peak of the return", "dBFS"),
    ("return_rms_dbfs", "level of the return", "dBFS"),
    ("loopback_peak_dbfs", "peak of the loopback", "dBFS"),
    ("offset_dbfs", "DC of the return", "dBFS"),
    ("return_lag_frames", "the amp's own delay", "frames"),
    ("coherence", "share of the return that follows the send", "of 1"),
)


def metrics(session: Session) -> dict[str, Any]:
    """What ``model/metrics.json`` says; nothing where there is none, or none that can be read."""
    if session.state.learning.model is None:
        return {}
    # The fact has the figures that decide; what is only here may be missing in an old session.
    try:
        told = json.loads(session.door.read(staging.METRICS, MOST_METRICS_BYTES))
    except (SessionError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def numbers(told: object) -> dict[str, float]:
    """The finite numbers of what may be a stranger's object."""
    if not isinstance(told, Mapping):
        return {}
    return {
        str(name): float(value)
        for name, value in told.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


def _knob(knob: Knob, reference: float) -> KnobFigure:
    steps = (knob.maximum - knob.minimum) / max(knob.positions - 1, 1)
    labels = tuple(knob.describe(value) for value in knob.values) if knob.is_switch else ()
    low, high = knob.values[0], knob.values[-1]
    # As far as it may be turned: the model knows nothing beyond its limits.
    return KnobFigure(knob.name, low, high, labels, knob.play, reference, steps)


def _setting(
    session: Session,
    about: CaptureState,
    by_setting: Mapping[str, float],
    found: Mapping[int, tuple[FoundError, float]],
) -> SettingFigure:
    panel, order = session.config.panel, about.capture
    told = panel.describe(order.setting)
    pair, expected_esr = found.get(order.number, (None, None))
    return SettingFigure(
        capture=order.number,
        told=told,
        role=order.role.value,
        round=order.round,
        values=order.setting.values,
        units=tuple(float(unit) for unit in panel.point(order.setting)),
        is_kept=about.kept is not None,
        why_not=about.abandoned,
        esr=by_setting.get(told) if order.role is Role.HOLDOUT else None,
        disagreement=pair.disagreement if pair else None,
        expected_esr=expected_esr,
        found_esr=pair.found if pair else None,
    )


def _calibration(session: Session) -> Iterator[CalibrationFigure]:
    takes = [about.kept for about in session.state.kept() if about.kept is not None]
    for name, words, unit in CALIBRATED:
        found = [take.figures[name] for take in takes if name in take.figures]
        finite = [figure for figure in found if math.isfinite(figure)]
        if finite:
            yield CalibrationFigure(words, unit, median(finite), min(finite), max(finite))


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _clock(at: float | None) -> str:
    return "-" if at is None else f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M %Z}"


def _facts(session: Session) -> Iterator[tuple[str, str]]:
    config, state, created = session.config, session.state, session.state.created
    assert created is not None
    learning = state.learning
    gear = " ".join(word for word in (config.gear.make, config.gear.model) if word)
    if gear:
        yield "amp", gear
    yield "amp's driver", config.amp.driver
    yield "interface's driver", config.interface.driver
    yield "sample rate", f"{created.sample_rate} Hz"
    yield "one take", duration(created.segments[-1].stop / created.sample_rate)
    yield "strategy", config.plan.strategy
    learner = config.learner
    yield "ensemble", f"{learner.members} of {learner.architecture} {learner.size}"
    size = (learning.model.size if learning.model else None) or learner.final_size
    yield "final model", f"{learner.architecture} {size}"
    yield "recorded by", f"rig {created.rig_version}"
    yield "begun", _clock(state.started_at)
    yield "last word", _clock(state.updated_at)
    python = ".".join(map(str, sys.version_info[:3]))
    yield "report made by", f"rig {version('rig-capture')}, Python {python}"
    yield "report made on", f"{platform.system()} {platform.machine()}"


def gather(session: Session) -> Report:
    """Return everything that the page shows as figures.

    Raises:
        SessionError: The journal cannot be read.
    """
    state, panel, told = session.state, session.config.panel, metrics(session)
    timeline = Timeline(panel).read(Plausible(panel)(session.journal.entries()))
    by_setting = dict(state.learning.model.by_setting) if state.learning.model else {}
    found = expectations(session.state.learning.rounds)
    roles = (Role.SEED, Role.ACTIVE, Role.HOLDOUT)
    asked = [about for about in state.captures.values() if about.capture.role in roles]
    settings = [_setting(session, about, by_setting, found) for about in asked]
    parts = spent(timeline.takes, timeline.events, timeline.runs)
    region = weak_region(session)
    running = is_running(session.folder)
    name = state_name(state, running=running, supervised=is_supervised(session.door))
    model = state.learning.model
    # The verdict names one place where it is worse, and so does the page.
    said = (model.verdict if model else None) or ""
    return Report(
        session=session.folder.name,
        state=name,
        finish_reason=finish_reason(state, name),
        verdict=verdict(session, region),
        knobs=tuple(map(_knob, panel.knobs, panel.reference.values)),
        settings=tuple(settings),
        rounds=tuple(timeline.rounds),
        canaries=tuple(timeline.canaries),
        takes=tuple(timeline.takes),
        events=tuple(timeline.events),
        spent=parts,
        calibration=tuple(_calibration(session)),
        holdout_esr=state.learning.holdout_esr,
        expected_esr=state.learning.expected_esr,
        repeatability_esr=state.amp.repeatability_esr,
        within_db=model.within_db if model else None,
        turning=numbers(told.get("turning")),
        worst_region=region.words if region and EXCEPT not in said else None,
        kept_share=kept_share(parts),
        facts=tuple(_facts(session)),
    )

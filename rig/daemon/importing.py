"""A data set as a session: takes that others recorded, judged by the same checks."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration import signals
from calibration.checks import Limits, judge
from calibration.latency import Latency
from calibration.signals import Part, Signal
from calibration.takes import Aligned, sweep_drift
from calibration.verdict import DOUBTS, Verdict
from rig import config as configuration
from rig import dataset
from rig.capture import Capture, Role
from rig.config import Config, KnobConfig, ReplayAmpConfig, ReplayInterfaceConfig
from rig.daemon.baseline import KeptAudio, baseline, with_warmup
from rig.dataset import DataSet, DataTake
from rig.errors import UsageError
from rig.knobs import Setting
from rig.session.folder import Session

#: What a faceplate goes to where nobody says: the first that holds everything that was recorded.
SPANS = ((0.0, 1.0), (0.0, 10.0), (0.0, 11.0), (1.0, 12.0), (0.0, 100.0))


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes:
        kept: How many recordings were kept.
        refused: What was wrong with each of the others, by file.
        latency_frames: What was taken off as the round trip.
        upright: From -1, all upside down, to 1, none.
        left_out: How many were made of another input.
    """

    kept: int
    refused: dict[str, str]
    latency_frames: int
    upright: float
    left_out: int


def config_for(data: DataSet, source: Path, name: str, given: Config | None) -> Config:
    """Return the configuration of a session of a data set, which plays it back as its amp.

    Args:
        data: The data set.
        source: What was typed.
        name: Of the session.
        given: Whose knobs, names and plan hold, where somebody gave one.

    Raises:
        UsageError: The knobs are others than the data set's, or its settings are none of theirs.
    """
    base = given.model_dump(exclude_unset=True) if given is not None else {"gear": data.gear}
    settings = tuple(dict.fromkeys(take.values for take in data.takes))
    document = {
        **base,
        "name": name,
        "knobs": _knobs(data, base.get("knobs") or {}, source),
        "amp": ReplayAmpConfig(driver="replay", settings=settings),
        "interface": ReplayInterfaceConfig(driver="replay", takes=str(source.absolute())),
    }
    try:
        return Config.model_validate(document)
    except ValueError as error:
        # Pydantic's third line is the first mistake's sentence.
        first = (str(error).splitlines()[2:3] or [str(error)])[0].strip()
        raise UsageError(
            f"{source}: its settings do not fit its knobs ({first}); give them by --config"
        ) from None


def _knobs(data: DataSet, given: dict[str, Any], source: Path) -> dict[str, Any]:
    """Return the sections of the knobs: as given, as the data set has them, or by what there is."""
    knobs = given or {
        knob: data.knobs.get(knob) or _span([take.values[place] for take in data.takes])
        for place, knob in enumerate(data.names)
    }
    if set(knobs) != set(data.names):
        raise UsageError(f"{source}: its knobs are {', '.join(data.names)}; rig.yaml has others")
    # In the order of the data set, which is that of its values.
    return {knob: knobs[knob] for knob in data.names}


def _span(values: list[float]) -> dict[str, Any]:
    low, high = min(values), max(values)
    for first, last in SPANS:
        if first <= low and high <= last:
            return KnobConfig(range=(first, last)).model_dump(exclude_unset=True)
    return KnobConfig(range=(low, high if high > low else low + 1.0)).model_dump(exclude_unset=True)


# In the order of the data set, so that what is doubted by others finds others as it would at night.
def import_takes(
    session: Session,
    data: DataSet,
    signal: Signal,
    believes: bool,
    tell: Callable[[int, int], None],
) -> Imported:
    """Judge every recording of a data set, and keep those that pass.

    Args:
        session: It was just made, of this data set's signal.
        data: The data set.
        signal: What was played.
        believes: Whether what may be the amp itself is believed: it cannot be recorded again.
        tell: Told how many are done, and of how many.
    """
    look = signals.look(signal) if signal.has(Part.BEFORE) else signal
    audio, refused = KeptAudio(session, signal, look), {}
    late, upright = dataset.latency_of(data, signal)
    # Described by rig, each was kept by rig: what could be doubted was recorded twice.
    believes = believes or bool(data.segments)
    for done, take in enumerate(data.takes):
        try:
            heard = dataset.cut_to_input(data, take, late, signal.segment(Part.TAIL).start)
        except UsageError as error:
            # One file that cannot be read is no reason to do without the others.
            refused[take.path.name] = str(error)
            continue
        verdict = _import(session, audio, take, heard.astype(np.float64), signal, believes)
        if not verdict.kept:
            refused[take.path.name] = verdict.reasons[0].sentence
        tell(done + 1, len(data.takes))
    return Imported(len(data.takes) - len(refused), refused, late, upright, data.left_out)


# As if it had just been played: the journal has no other words for a take.
def _import(
    session: Session,
    audio: KeptAudio,
    take: DataTake,
    heard: NDArray[np.float64],
    signal: Signal,
    believes: bool,
) -> Verdict:
    number, role = len(session.state.captures) + 1, Role(take.role)
    capture = Capture(number, Setting(take.values), role, 0)
    session.order(capture)
    begun = session.begin(capture)
    drift = sweep_drift(heard, signal)
    aligned = Aligned(
        returned=heard,
        loopback=None,
        latency=Latency(0.0, 0.0, inverted=False),
        drift_frames=None if drift is None else drift.lag_frames,
        raw_returned=heard,
        raw_loopback=None,
    )
    limits = Limits(**session.config.checks.model_dump())
    verdict = judge(aligned, signal, limits, baseline(session, audio, capture))
    if believes and all(reason.check in DOUBTS for reason in verdict.reasons):
        verdict = replace(verdict, reasons=())
    if role is Role.CANARY:
        verdict = with_warmup(session, verdict, aligned, signal)
    session.finish(begun, aligned, verdict)
    return verdict


def import_session(
    source: Path,
    folder: Path,
    given: Config | None,
    believes: bool,
    tell: Callable[[int, int], None],
) -> Imported:
    """Make a session of a data set; what cannot be read raises `UsageError`."""
    data = dataset.read(source)
    signal = dataset.signal_of(data)
    config = config_for(data, source, folder.name, given)
    # Read once more as a file would be: what a session stores has to open again.
    config = configuration.parse(configuration.dump(config), str(source))
    session = Session.create(folder, config, signal)
    try:
        return import_takes(session, data, signal, believes, tell)
    finally:
        session.close()

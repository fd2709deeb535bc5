"""What the final model plays, beside what the amp played; the only part of a report with torch."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from calibration.signals import Part, Segment, Signal
from models.nam.embedded import embedded
from models.nam.loudness import Loudness
from models.nam.versions import CannotHold
from models.nam.writer import document
from models.networks.spec import BadModel, load_model, play
from models.training.dataset import Model
from rig.capture import Role
from rig.errors import SessionError
from rig.exchange.metadata import Label, metadata
from rig.exchange.nam import knobs_told
from rig.report import clips, pictures
from rig.session.captures import CaptureState
from rig.session.folder import Session

Audio = NDArray[np.float64]


@dataclass(frozen=True)
class Compared:
    """Amp against model at a holdout setting: worst, median or best of all."""

    place: str
    told: str
    esr: float
    spectrum: pictures.Spectrum
    curves: list[pictures.Curves]
    waveform: pictures.Waveform


@dataclass(frozen=True)
class Modelled:
    """Everything of a page that needs the model.

    Attributes:
        section: The model itself, as `docs/knob-file.md` has it; None where a page cannot play it.
        template: A stock ``.nam`` document without its weights.
        sample_rate: Hz.
        guitar: Held-out dry guitar.
        heard: What can be listened to, worst setting first.
        compared: What can be looked at.
    """

    section: dict[str, Any] | None
    template: dict[str, Any] | None
    sample_rate: int
    guitar: clips.Clip
    heard: list[clips.Heard]
    compared: list[Compared]


@dataclass(frozen=True)
class _Test:
    """A holdout setting: what the amp and the model play, over the whole signal."""

    about: CaptureState
    told: str
    esr: float
    amp: Audio
    model: Audio


def load(session: Session) -> Model:
    """Load the final model on the CPU.

    Raises:
        SessionError: There is none, or none that fits the session.
    """
    trained = session.state.learning.model
    if trained is None:
        raise SessionError(f"{session.folder}: has no final model yet")
    try:
        model, spec = load_model(session.stored(trained.model))
    except BadModel as error:
        raise SessionError(str(error)) from None
    if spec.positions != session.config.panel.switch_positions:
        raise SessionError(f"{session.folder}: its model was made for other knobs")
    return model


def _tested(session: Session) -> list[tuple[CaptureState, float]]:
    """The holdout settings that the final model was tested on, with its errors there."""
    trained, panel = session.state.learning.model, session.config.panel
    by_setting = trained.by_setting if trained else {}
    pairs = [(about, by_setting.get(panel.describe(about.capture.setting)))
             for about in session.state.kept(Role.HOLDOUT)]  # fmt: skip
    return [(about, esr) for about, esr in pairs if esr is not None]


def _test(session: Session, model: Model, signal: Signal, about: CaptureState, esr: float) -> _Test:
    assert about.kept is not None
    panel, held_out = session.config.panel, signal.segment(Part.HOLDOUT)
    knobs = torch.from_numpy(panel.point(about.capture.setting)).to(torch.float32)
    played = np.zeros(len(signal.send))
    for segment in [*signal.all(Part.TONES), held_out]:
        played[segment.start : segment.stop] = _played(model, signal, knobs, segment)
    told = panel.describe(about.capture.setting)
    return _Test(about, told, esr, session.kept_audio(about.kept), played)


def _played(model: Model, signal: Signal, knobs: torch.Tensor, segment: Segment) -> Audio:
    """What a model makes of a stretch, with the true past in front of it."""
    start = max(segment.start - model.history_frames, 0)
    sent = torch.from_numpy(signal.send[start : segment.stop].astype(np.float32))
    played = play(model, sent, knobs)[0, segment.start - start :]
    return played.numpy().astype(np.float64)


def _tones(session: Session, signal: Signal) -> Iterator[tuple[float, slice]]:
    """The swept tones, which lie one behind the other, and where."""
    told, frames = session.config.signal, round(session.config.signal.tone_s * signal.sample_rate)
    segment = signal.segment(Part.TONES)
    for number, hz in enumerate(told.tones_hz):
        start = segment.start + number * frames
        # The configuration and the journal may be a stranger's, and not fit each other.
        if start + frames <= segment.stop:
            yield hz, slice(start, start + frames)


def _compared(session: Session, tests: dict[str, _Test], signal: Signal) -> list[Compared]:
    rate, held_out = signal.sample_rate, signal.segment(Part.HOLDOUT)
    part = slice(held_out.start, held_out.stop)
    found = []
    for place, test in tests.items():
        shown = [
            pictures.curves(signal.send[tone], test.amp[tone], test.model[tone], hz, rate)
            for hz, tone in _tones(session, signal)
        ]
        amp, model = test.amp[part], test.model[part]
        spectrum = pictures.spectrum(amp, model, rate)
        moment = pictures.waveform(amp, model, rate)
        found.append(Compared(place, test.told, test.esr, spectrum, shown, moment))
    return found


def _heard(tests: list[_Test], signal: Signal) -> tuple[clips.Clip, list[clips.Heard]]:
    rate, held_out = signal.sample_rate, signal.segment(Part.HOLDOUT)
    guitar = signal.send[held_out.start : held_out.stop]
    # Two for each setting, and the dry guitar.
    seconds = clips.clip_s(2 * len(tests) + 1, rate, len(guitar) / rate)
    found = clips.loudest(guitar, round(seconds * rate))
    part = slice(held_out.start + found.start, held_out.start + found.stop)
    told = [
        clips.heard(test.about.capture.number, test.told, test.esr, test.amp[part],
                    test.model[part], rate)
        for test in tests
    ]  # fmt: skip
    return clips.clip(guitar[found], rate), told


def _template(session: Session, model: Model) -> dict[str, Any]:
    """A stock document without weights, and without what is true of one setting only."""
    panel, created = session.config.panel, session.state.created
    assert created is not None
    gear, esr = session.config.gear, session.state.learning.holdout_esr
    # Loudness would have to be measured where the knobs stand: players do without it.
    told = metadata(session, panel.reference, Label(gear, esr), Loudness(None, None))
    amp = " ".join(word for word in (gear.make, gear.model) if word) or session.config.name
    rest = {name: value for name, value in told.items() if name not in ("name", "setting")}
    point = torch.from_numpy(panel.point(panel.reference)).to(torch.float32)
    found = document(model, point, created.sample_rate, {"name": amp, **rest})
    return {**found, "weights": []}


def modelled(session: Session) -> Modelled:
    """Return everything of a page that needs the final model.

    Raises:
        SessionError: There is no model, or something that was kept cannot be read.
    """
    model, signal = load(session), session.signal()
    section, template = None, None
    # Some architectures have no description that another program could play.
    with contextlib.suppress(CannotHold):
        section, template = embedded(model, knobs_told(session)), _template(session, model)
    tested = _tested(session)
    errors = [esr for _, esr in tested]
    to_hear, to_see = clips.chosen(errors), pictures.ranked(errors)
    tests = {place: _test(session, model, signal, *tested[place])
             for place in {*to_hear, *to_see.values()}}  # fmt: skip
    guitar, told = _heard([tests[place] for place in to_hear], signal)
    seen = {name: tests[place] for name, place in to_see.items()}
    compared = _compared(session, seen, signal)
    return Modelled(section, template, signal.sample_rate, guitar, told, compared)

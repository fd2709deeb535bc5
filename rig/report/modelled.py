"""What the final model plays, beside what the amp played; the only part of a report with torch."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from calibration.signals import Part, Signal
from models.nam.embedded import embedded
from models.nam.loudness import RATE, Loudness, measuring_noise
from models.nam.versions import CannotHold
from models.nam.writer import document
from models.networks.spec import play
from models.training.dataset import Model
from rig.capture import Role
from rig.exchange.final_model import final_model
from rig.exchange.metadata import Label, metadata
from rig.exchange.nam import faceplate
from rig.report import clips, pictures
from rig.report.uncertainty import Uncertainty, uncertainty
from rig.session.captures import CaptureState
from rig.session.folder import Session

Audio = NDArray[np.float64]

#: A swept tone that lasts longer, as a stranger's might, is not looked at.
LONGEST_TONE_S = 5.0


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
        measuring: What a page measures loudness with.
        guitar: Held-out dry guitar.
        heard: What can be listened to, worst setting first.
        compared: What can be looked at.
        uncertainty: How far the last ensemble agrees with itself over the knob space.
    """

    section: dict[str, Any] | None
    template: dict[str, Any] | None
    sample_rate: int
    measuring: clips.Clip
    guitar: clips.Clip
    heard: list[clips.Heard]
    compared: list[Compared]
    uncertainty: Uncertainty | None


@dataclass(frozen=True)
class _Test:
    """A holdout setting: what amp and model play at it, guitar and a swept tone."""

    about: CaptureState
    told: str
    esr: float
    amp: Audio
    model: Audio
    curves: list[pictures.Curves]


def _tested(session: Session) -> list[tuple[CaptureState, float]]:
    """The holdout settings that the final model was tested on, with its errors there."""
    trained, panel = session.state.learning.model, session.config.panel
    by_setting = trained.by_setting if trained else {}
    pairs = [(about, by_setting.get(panel.describe(about.capture.setting)))
             for about in session.state.kept(Role.HOLDOUT)]  # fmt: skip
    return [(about, esr) for about, esr in pairs if esr is not None]


def _test(
    session: Session,
    model: Model,
    signal: Signal,
    held_out: slice,
    tested: tuple[CaptureState, float],
) -> _Test:
    about, esr = tested
    assert about.kept is not None
    panel, rate = session.config.panel, signal.sample_rate
    knobs = torch.from_numpy(panel.point(about.capture.setting)).to(torch.float32)
    amp, curves = session.kept_audio(about.kept), []
    for hz, tone in _tone(session, signal):
        played = _played(model, signal, knobs, tone)
        curves.append(pictures.curves(signal.send[tone], amp[tone], played, hz, rate))
    told = panel.describe(about.capture.setting)
    heard = _played(model, signal, knobs, held_out)
    return _Test(about, told, esr, amp[held_out], heard, curves)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Have torch use one core for a while."""
    # At these widths a second one waits longer than it works: on a busy machine four times as long.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _played(model: Model, signal: Signal, knobs: torch.Tensor, part: slice) -> Audio:
    """What a model makes of a stretch, with the true past in front of it."""
    start = max(part.start - model.history_frames, 0)
    sent = torch.from_numpy(signal.send[start : part.stop].astype(np.float32))
    played = play(model, sent, knobs)[0, part.start - start :]
    return played.numpy().astype(np.float64)


def _tone(session: Session, signal: Signal) -> Iterator[tuple[float, slice]]:
    """The swept tone in the middle of those that lie one behind the other, if there is one."""
    told, frames = session.config.signal, round(session.config.signal.tone_s * signal.sample_rate)
    number = len(told.tones_hz) // 2
    if not told.tones_hz or told.tone_s > LONGEST_TONE_S or not signal.has(Part.TONES):
        return
    segment = signal.segment(Part.TONES)
    start = segment.start + number * frames
    # The configuration and the journal may be a stranger's, and not fit each other.
    if start + frames <= segment.stop:
        yield told.tones_hz[number], slice(start, start + frames)


def _held_out(signal: Signal, settings: int) -> slice:
    """The loudest held-out guitar, as much of it as a page has room for."""
    rate, segment = signal.sample_rate, signal.segment(Part.HOLDOUT)
    guitar = signal.send[segment.start : segment.stop]
    # Two recordings for each setting, and the dry guitar.
    seconds = clips.clip_s(2 * settings + 1, rate, len(guitar) / rate)
    found = clips.loudest(guitar, round(seconds * rate))
    return slice(segment.start + found.start, segment.start + found.stop)


def _compared(place: str, test: _Test, rate: int) -> Compared:
    spectrum = pictures.spectrum(test.amp, test.model, rate)
    moment = pictures.waveform(test.amp, test.model, rate)
    return Compared(place, test.told, test.esr, spectrum, test.curves, moment)


def _heard(test: _Test, rate: int) -> clips.Heard:
    number = test.about.capture.number
    return clips.heard(number, test.told, test.esr, test.amp, test.model, rate)


def _template(session: Session, model: Model) -> dict[str, Any]:
    """A stock document without weights, and without what is true of one setting only."""
    panel, created = session.config.panel, session.state.created
    assert created is not None
    gear, esr = session.config.gear, session.state.learning.holdout_esr
    # The page measures loudness where its knobs stand.
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
    model, signal = final_model(session), session.signal()
    section, template = None, None
    # Some architectures have no description that another program could play.
    with contextlib.suppress(CannotHold):
        section, template = embedded(model, faceplate(session)), _template(session, model)
    tested = _tested(session)
    errors = [esr for _, esr in tested]
    to_hear, to_see = clips.chosen(errors), pictures.ranked(errors)
    held_out, rate = _held_out(signal, len(to_hear)), signal.sample_rate
    # Only these are played: with hundreds of holdouts the rest would take minutes.
    places = {*to_hear, *to_see.values()}
    with _one_thread():
        tests = {place: _test(session, model, signal, held_out, tested[place]) for place in places}
        uncertain = uncertainty(session)
    return Modelled(
        section,
        template,
        rate,
        # Not the exporter's own recording, which is not ours to hand on.
        clips.clip(measuring_noise().numpy().astype(np.float64), RATE),
        clips.clip(signal.send[held_out], rate),
        [_heard(tests[place], rate) for place in to_hear],
        [_compared(name, tests[place], rate) for name, place in to_see.items()],
        uncertain,
    )

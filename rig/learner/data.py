"""Load a session's captures as tensors."""

import math
from collections.abc import Sequence

import numpy as np
import torch

from calibration.signals import Part, Signal, look
from models.training.audibility import audible_floor
from models.training.dataset import Dataset, Told, nobody
from rig.capture import Role
from rig.errors import SessionError
from rig.learner import hearing
from rig.session.captures import CaptureState
from rig.session.folder import Session


def _capture(
    session: Session, about: CaptureState, frames: int
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    assert about.kept is not None
    audio = session.kept_audio(about.kept)
    if audio.shape != (frames,):
        take = f"take {about.kept.take}"
        raise SessionError(f"{take}: has not the length of the signal; 'rig verify' says more")
    return audio.astype(np.float32)


def _figure(about: CaptureState, name: str) -> float:
    assert about.kept is not None
    # What nobody measured when it was kept sets no floor.
    return about.kept.figures.get(name, -math.inf)


def floor_power(session: Session) -> float:
    """Return the mean square that less counts as: nobody hears it beside the loudest setting."""
    return _floor(session, _loudest_dbfs(session), -math.inf)


def heard(session: Session) -> hearing.Heard:
    """Return what tells which settings can be heard beside the loudest one."""
    return _recorded(session).heard(session.config.learner.audible_range_db)


def _loudest_dbfs(session: Session) -> float:
    return _recorded(session).loudest_dbfs()


def _recorded(session: Session) -> hearing.Recorded:
    captures = training_captures(session)
    return hearing.Recorded(
        session.config.panel,
        [about.capture.setting for about in captures],
        [_figure(about, "return_rms_dbfs") for about in captures],
    )


def _floor(session: Session, loudest_dbfs: float, noise_dbfs: float) -> float:
    return audible_floor(loudest_dbfs, session.config.learner.audible_range_db, noise_dbfs)


def _floors(session: Session, captures: Sequence[CaptureState]) -> torch.Tensor:
    loudest_dbfs = _loudest_dbfs(session)
    noises = [_figure(about, "noise_dbfs") for about in captures]
    return torch.tensor([_floor(session, loudest_dbfs, noise) for noise in noises])


def _dataset(
    session: Session,
    signal: Signal,
    captures: Sequence[CaptureState],
    span: tuple[int, int],
    told: Told,
) -> Dataset:
    # Aligned recordings end where the tail begins, which only catches late frames.
    frames = signal.segment(Part.TAIL).start
    panel = session.config.panel
    targets = []
    for about in captures:
        targets.append(_capture(session, about, frames))
        told(len(targets), len(captures))
    points = [panel.point(about.capture.setting) for about in captures]
    return Dataset(
        torch.from_numpy(signal.send[:frames].astype(np.float32)),
        torch.from_numpy(np.stack(targets)),
        torch.from_numpy(np.stack(points).astype(np.float32)),
        *span,
        floors=_floors(session, captures),
    )


def training_captures(session: Session) -> list[CaptureState]:
    """Return the kept captures that models may see, in the order in which they were asked for."""
    return session.state.kept(Role.SEED, Role.ACTIVE)


def training_set(session: Session, told: Told = nobody) -> Dataset:
    """Load the tones and the training guitar of every capture that models may see."""
    signal = session.signal()
    span = signal.segment(Part.TONES).start, signal.segment(Part.TRAIN).stop
    return _dataset(session, signal, training_captures(session), span, told)


def test_set(session: Session, captures: Sequence[CaptureState], told: Told) -> Dataset:
    """Load the held-out guitar of some captures."""
    signal = session.signal()
    segment = signal.segment(Part.HOLDOUT)
    return _dataset(session, signal, captures, (segment.start, segment.stop), told)


def look_set(session: Session, captures: Sequence[CaptureState], told: Told) -> Dataset:
    """Load the guitar of some looks."""
    signal = look(session.signal())
    segment = signal.segment(Part.BEFORE)
    return _dataset(session, signal, captures, (segment.start, segment.stop), told)

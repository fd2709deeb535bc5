"""The amp and its model side by side: the same guitar at a setting that was recorded."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from calibration.signals import Part
from models.networks.spec import play
from models.training.dataset import Model
from rig.capture import Role
from rig.exchange.loudness import matching_gains
from rig.knobs import Setting
from rig.session.captures import CaptureState
from rig.session.folder import Session

TRACKS = ("amp", "model", "difference")
#: Where a loop begins and ends it fades for so long, in seconds.
EDGE_S = 0.01


@dataclass(frozen=True)
class Compared:
    """A setting, and what is heard at it on guitar that no model was trained on.

    Attributes:
        setting: The knobs.
        tracks: Amp, model and difference, ``(3, frames)``: the first two equally loud, the third
            as much quieter than the amp as it is.
        esr: Of the model there.
        held_out: Whether no model has heard the setting either.
    """

    setting: Setting
    tracks: NDArray[np.float32]
    esr: float
    held_out: bool


# The worst first: whoever hears no difference there need not listen to the others.
def recorded(session: Session) -> list[CaptureState]:
    """Return the kept captures of a session: held-out ones first, the worst of them foremost."""
    trained, panel = session.state.learning.model, session.config.panel
    found = {} if trained is None else trained.by_setting

    def order(about: CaptureState) -> tuple[bool, float]:
        """Sort by role, then by the error that was measured."""
        name = panel.describe(about.capture.setting)
        return about.capture.role is not Role.HOLDOUT, -found.get(name, 0.0)

    return sorted(session.state.kept(Role.HOLDOUT, Role.SEED, Role.ACTIVE), key=order)


# On the guitar that decides about models everywhere else, too.
def compared(session: Session, model: Model, about: CaptureState) -> Compared:
    """Play the held-out guitar through the model at a kept capture's setting.

    Raises:
        SessionError: The recording cannot be read.
    """
    assert about.kept is not None
    signal, setting = session.signal(), about.capture.setting
    segment = signal.segment(Part.HOLDOUT)
    real = session.kept_audio(about.kept)[segment.start : segment.stop].astype(np.float32)
    # From the start of the signal, so that the model has heard what the amp had heard.
    sent = torch.from_numpy(signal.send[: segment.stop].astype(np.float32))
    sent = sent[max(segment.start - model.history_frames, 0) :]
    point = torch.from_numpy(session.config.panel.point(setting).astype(np.float32))
    played = play(model, sent, point)[0].numpy()[-len(real) :]
    esr = float(np.sum((real - played) ** 2) / max(float(np.sum(real**2)), 1e-20))
    tracks = _looped(matched(real, played, signal.sample_rate), signal.sample_rate)
    return Compared(setting, tracks, esr, about.capture.role is Role.HOLDOUT)


def matched(
    real: NDArray[np.float32], played: NDArray[np.float32], rate: int
) -> NDArray[np.float32]:
    """Return amp and model equally loud by ITU-R BS.1770, and their difference, within full scale.

    Args:
        real: What the amp played, ``(frames,)``.
        played: What the model plays.
        rate: Hz.
    """
    gains = matching_gains([real.astype(np.float64), played.astype(np.float64)], rate)
    # As it was between the two as they were recorded: made equally loud, they would differ by less.
    difference = np.clip(gains[0] * (real - played), -1.0, 1.0)
    return np.stack([gains[0] * real, gains[1] * played, difference]).astype(np.float32)


def _looped(tracks: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Fade the ends of tracks, so that they loop without a click."""
    edge = np.linspace(0.0, 1.0, round(EDGE_S * rate), dtype=np.float32)
    tracks[:, : len(edge)] *= edge
    tracks[:, -len(edge) :] *= edge[::-1]
    return tracks

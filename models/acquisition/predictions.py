"""Turn an ensemble's outputs into the blocks of numbers that acquisition compares."""

from torch import Tensor

from models.acquisition.disagreement import Predictions
from models.training.dataset import Model
from models.training.mel import log_mel

#: A difference of so many decibels in a mel band counts as an error of 1.
MEL_UNIT_DB = 20.0
#: Bands this far below what is just heard are silence: in quiet sounds treble is quieter still.
BAND_RANGE_DB = -40.0


def _outputs(model: Model, audio: Tensor, points: Tensor) -> Tensor:
    """Return every member's output, ``(members, settings, excerpts, frames)``."""
    settings, excerpts = len(points), len(audio)
    knobs = points.repeat_interleave(excerpts, 0).expand(model.members, -1, -1)
    # Settings run slowest and excerpts fastest, above as well as here.
    played = audio.repeat(settings, 1).expand(model.members, -1, -1)
    out: Tensor = model(played, knobs)
    return out.view(model.members, settings, excerpts, -1)


def relative(
    model: Model, audio: Tensor, sample_rate: float, floor_power: float = 0.0
) -> Predictions:
    """Predict waveforms relative to the ensemble's own level at each setting, and log-mel spectra.

    Args:
        model: An ensemble in evaluation mode.
        audio: Excerpts with their history in front, ``(excerpts, history + frames)``.
        sample_rate: Hz.
        floor_power: The mean square that quieter settings are taken to have.
    """
    # Never 0: at digital silence there would be nothing to divide by.
    least, silent = max(floor_power, 1e-12), floor_power * 10.0 ** (BAND_RANGE_DB / 10.0)

    def ask(points: Tensor) -> list[Tensor]:
        """Return a block of waveforms and one of spectra, ``(members, settings, n)`` each."""
        out = _outputs(model, audio, points)
        # By the ensemble's mean, not by each member: a member that is too loud is an error.
        power = (out.mean(0) ** 2).mean((-1, -2)).clamp(min=least)
        waves = out.flatten(2) * power.rsqrt()[:, None]
        levels = log_mel(out, sample_rate, floor_power=silent)
        return [waves, levels.flatten(2) / MEL_UNIT_DB]

    return ask


def plain(model: Model, audio: Tensor) -> Predictions:
    """Predict waveforms as they are, in which loud settings count most, as PANAMA does."""

    def ask(points: Tensor) -> list[Tensor]:
        """Return one block of waveforms, ``(members, settings, n)``."""
        return [_outputs(model, audio, points).flatten(2)]

    return ask

"""Start training at the levels and the polarity that the captures have.

Both can be read off the captures, and a network that has to find them by gradients first learns to
be silent: too loud by 20 dB at a quiet setting is a hundred times the error of no sound at all.
"""

import torch
from torch import Tensor

from models.networks.wavenet import KnobWaveNet
from models.training.dataset import Dataset, Model, Told, nobody

#: Which of the encoder's outputs are the logarithms of the gain before and behind the network.
DRIVE, LEVEL = 0, 1
#: An untrained network behind its head plays at about this RMS; a prior's was trained to.
UNIT_RMS = 0.1
#: How much a knob's slope is shrunk where captures are few.
RIDGE = 0.05
#: The return follows the send by less than this; recordings are aligned already.
LAG_FRAMES = 128
#: Of the send's mean power, added where a frequency was hardly played.
WHITENING = 1e-2
#: Guitar over which levels are compared.
LOUDEST_FRAMES = 16_384


def log_levels(targets: Tensor, floors: Tensor | None = None) -> Tensor:
    """Return the natural log of each RMS over `UNIT_RMS`, ``(..., frames)`` to ``(...)``.

    Mean squares below ``floors`` are taken for these: a knob's slope is to lead to where nothing is
    heard, and not as far down as one closed pot goes.
    """
    power = (targets**2).mean(-1)
    if floors is not None:
        power = torch.maximum(power, floors)
    # Half the logarithm of a mean square is that of the RMS; the constant is for silence.
    return 0.5 * torch.log(power + 1e-12) - torch.log(torch.tensor(UNIT_RMS))


def level_slopes(features: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
    """Regress levels on the encoder's inputs, with a ridge.

    Args:
        features: ``(captures, inputs)`` in [-1, 1].
        levels: ``(captures,)``.

    Returns:
        The slopes ``(inputs,)`` and the constant.
    """
    constant = levels.mean()
    # Few captures and many knobs: without the ridge a slope would follow the noise of one capture.
    gram = features.T @ features
    shrunk = gram + RIDGE * len(features) * torch.eye(len(gram), device=gram.device)
    slopes = torch.linalg.solve(shrunk, features.T @ (levels - constant))
    return slopes, constant


# By plain correlation some drawn amps were wrong, deconvolved 20 of 20 were right (decision 14).
def polarity(
    audio: Tensor, targets: Tensor, told: Told = nobody, floors: Tensor | None = None
) -> float:
    """Return 1 if what comes back follows what went in, -1 if it is turned over.

    The sign of the impulse response's peak, deconvolved.

    Args:
        audio: ``(frames,)``, best with something broad in it, such as the preamble.
        targets: ``(captures, frames)``.
        told: Told of each capture.
        floors: Mean squares below which a capture has hardly a say: it is noise.
    """
    # A plain correlation of guitar has peaks of either sign half a period apart.
    # Padded to twice the length, since a product of spectra would wrap the response around.
    spectrum = torch.fft.rfft(audio, 2 * len(audio))
    power = spectrum.abs() ** 2
    inverse = spectrum.conj() / (power + WHITENING * power.mean())
    response = audio.new_zeros(LAG_FRAMES)
    least = audio.new_full((len(targets),), 1e-18) if floors is None else floors
    for number, (target, floor) in enumerate(zip(targets, least, strict=True), 1):
        back = torch.fft.irfft(torch.fft.rfft(target, 2 * len(audio)) * inverse)[:LAG_FRAMES]
        # Over its own RMS, so that loud captures do not outvote quiet ones.
        response += back / torch.maximum((target**2).mean(), floor).sqrt()
        told(number, len(targets))
    return 1.0 if float(response[response.abs().argmax()]) >= 0.0 else -1.0


def _loudest_stretch(data: Dataset, frames: int) -> int:
    """Return the first frame of the loudest stretch of so many frames, to a quarter of it."""
    # Differences of a running sum: the energy of every stretch in one pass.
    energy = data.audio[data.start : data.stop].square().cumsum(0)
    begins = torch.arange(0, len(energy) - frames + 1, max(frames // 4, 1), device=energy.device)
    return data.start + int(begins[(energy[begins + frames - 1] - energy[begins]).argmax()])


def _level_differences(model: Model, data: Dataset, told: Told) -> Tensor:
    """Return how much louder each capture is than each member, ``(members, captures)``, as a log.

    Over the loudest guitar only: that is where the level is, and it takes a moment.
    """
    history, frames = model.history_frames, min(LOUDEST_FRAMES, data.stop - data.start)
    start = _loudest_stretch(data, frames)
    audio = torch.cat([data.audio.new_zeros(history), data.audio])
    audio = audio[start : start + history + frames]
    differences = []
    with torch.no_grad():
        # A few at a time: what a network keeps of all captures at once would not fit.
        for rows in torch.split(torch.arange(len(data.targets)), 8):
            some = data.subset(rows.tolist())
            knobs, target = some.knobs, some.targets[:, start : start + frames]
            batch = audio.expand(model.members, len(knobs), -1), knobs.expand(model.members, -1, -1)
            wanted = log_levels(target, some.floors)
            differences.append(wanted - log_levels(model(*batch)))
            told(8 * len(differences), len(data.knobs))
    return torch.cat(differences, 1)


def start_at_levels(model: Model, data: Dataset, told: Told = nobody) -> None:
    """Set every member's output gain to the captures' levels, and its polarity to theirs.

    What the model plays now, at each capture's setting, is held against what came back there.
    """
    if isinstance(model, KnobWaveNet):
        # From the very first frame: the preamble lies before what may be learnt from.
        targets = data.targets[:, : data.stop]
        model.polarity.fill_(polarity(data.audio[: data.stop], targets, told, data.floors))
    differences = _level_differences(model, data, told)
    features = model.encoder.features(data.knobs)
    with torch.no_grad():
        for member in range(model.members):
            slopes, constant = level_slopes(features, differences[member])
            # Added and not set: they were measured beside what the encoder says already.
            model.encoder.direct[member, :, LEVEL] += slopes
            model.encoder.constant[member, :, LEVEL] += constant


# Where the knobs lead is the same amp's in both widths: at equal minutes the narrow one had 5 to
# 10 % less ESR so than from nothing, and more where the wide one taught it (decision 32).
def read_knobs_as(model: Model, other: Model) -> None:
    """Have a model read the knobs as another one does, that is done learning; its level stays.

    Args:
        model: At the captures' levels, and not trained yet.
        other: Of any width, with the same knobs.
    """
    own = model.encoder.constant[..., LEVEL].detach().clone()
    model.encoder.load_state_dict(other.encoder.state_dict())
    with torch.no_grad():
        model.encoder.constant[..., LEVEL] = own

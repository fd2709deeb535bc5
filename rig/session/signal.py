"""Composing the session's signal from its configuration."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from calibration.signals import Signal, compose
from rig import dataset
from rig.config import Config, ReplayInterfaceConfig, SignalConfig, VirtualInterfaceConfig
from rig.errors import ConfigError
from rig.session.overlap import overlap_s
from rig.session.recording import Audio, Excerpt, read_excerpt

log = logging.getLogger("rig")


@dataclass(frozen=True)
class Guitars:
    """Both recordings, judged and at the interface's rate.

    Attributes:
        train: What models learn from, ``(frames,)``.
        holdout: What models are only ever tested on, ``(frames,)``.
        notes: What a person should know of them, as ``key.path: sentence``.
    """

    train: Audio
    holdout: Audio
    notes: tuple[str, ...]


def _at_rate(excerpt: Excerpt, sample_rate: int) -> Audio:
    if excerpt.sample_rate == sample_rate:
        return excerpt.audio
    # Not by a polyphase filter of ours: soxr's are better kept.
    return np.asarray(soxr.resample(excerpt.audio, excerpt.sample_rate, sample_rate, "VHQ"))


def read_guitars(config: SignalConfig, base: Path, sample_rate: int) -> Guitars:
    """Read and judge both recordings before anything is played.

    Args:
        config: The ``signal`` section.
        base: The folder that file names are relative to.
        sample_rate: Hz, the interface's.

    Raises:
        ConfigError: Everything that is wrong with them, a line each, with its key path.
    """
    excerpts, mistakes = [], []
    for key in ("train", "holdout"):
        try:
            excerpts.append(read_excerpt(getattr(config, key), base, f"signal.{key}"))
        except ConfigError as error:
            mistakes.append(str(error))
    # Both are read before anything is said, so that nobody mends one to be told of the other.
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    train, holdout = (_at_rate(excerpt, sample_rate) for excerpt in excerpts)
    _refuse_overlap(config, train, holdout, sample_rate)
    return Guitars(train, holdout, excerpts[0].notes + excerpts[1].notes)


def _refuse_overlap(config: SignalConfig, train: Audio, holdout: Audio, sample_rate: int) -> None:
    found = overlap_s(train, holdout, sample_rate)
    if found is None:
        return
    in_train, in_holdout = config.train.start_s + found[0], config.holdout.start_s + found[1]
    raise ConfigError(
        f"signal.holdout: {config.holdout.file} at {in_holdout:.1f} s is the same guitar as "
        f"{config.train.file} at {in_train:.1f} s (signal.train), so models would be tested on "
        "what they learnt: choose parts that do not overlap by start_s and length_s, or another "
        "recording"
    )


def problems(config: Config, base: Path) -> list[str]:
    """Return what is wrong with the recordings that a file names, as ``key.path: sentence``.

    Args:
        config: What the file says.
        base: The folder that file names are relative to.
    """
    if isinstance(config.interface, ReplayInterfaceConfig):
        return []
    # Another package's interface has the rate that its driver says, and nothing is open yet.
    rate = getattr(config.interface, "sample_rate", VirtualInterfaceConfig().sample_rate)
    try:
        read_guitars(config.signal, base, rate)
    except ConfigError as error:
        return str(error).splitlines()
    return []


def signal_for(config: Config, base: Path, sample_rate: int) -> Signal:
    """Return what a session plays: what was recorded, where recordings are played back.

    Args:
        config: Its whole configuration.
        base: The folder that file names are relative to.
        sample_rate: Hz, the interface's.

    Raises:
        ConfigError: The recordings it names cannot be used.
    """
    if isinstance(config.interface, ReplayInterfaceConfig):
        # They answer to nothing but what was played when they were made.
        return dataset.signal_of(dataset.read(Path(config.interface.takes)))
    return compose_signal(config.signal, base, sample_rate)


def compose_signal(config: SignalConfig, base: Path, sample_rate: int) -> Signal:
    """The whole signal, guitars resampled where they have to be; see `read_guitars`."""
    guitars = read_guitars(config, base, sample_rate)
    for note in guitars.notes:
        log.warning("%s", note)
    return compose(
        guitars.train,
        guitars.holdout,
        config.tones_hz,
        config.tone_s,
        config.peak_dbfs,
        sample_rate,
    )

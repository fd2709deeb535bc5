"""Composing the session's signal from its configuration."""

from math import gcd
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from calibration.signals import Signal, compose
from rig import data
from rig.config import ExcerptConfig, SignalConfig
from rig.errors import ConfigError, SessionError
from rig.session import store

BUILTIN = "builtin:"


def _read(excerpt: ExcerptConfig, base: Path, key: str) -> tuple[int, NDArray[np.float64]]:
    if not excerpt.file.startswith(BUILTIN):
        try:
            return store.read_wav(base / excerpt.file)
        except SessionError as error:
            raise ConfigError(f"signal.{key}.file: {error}") from None
    found = data.guitar(excerpt.file.removeprefix(BUILTIN))
    if found is None:
        raise ConfigError(
            f"signal.{key}.file: there is no '{excerpt.file}', only builtin:guitar-train and "
            "builtin:guitar-holdout"
        )
    with data.as_file(found) as path:
        return store.read_wav(path)


def _excerpt(excerpt: ExcerptConfig, base: Path, key: str, sample_rate: int) -> NDArray[np.float64]:
    rate, audio = _read(excerpt, base, key)
    if audio.ndim > 1:
        audio = audio.mean(axis=1)
    start = round(excerpt.start_s * rate)
    frames = len(audio) if excerpt.length_s is None else round(excerpt.length_s * rate)
    part = audio[start : start + frames]
    if len(part) < 0.5 * rate:
        raise ConfigError(
            f"signal.{key}: {excerpt.file} has {len(audio) / rate:.1f} s; nothing is left of it "
            f"from {excerpt.start_s:g} s on"
        )
    if rate == sample_rate:
        return part
    shared = gcd(rate, sample_rate)
    return np.asarray(resample_poly(part, sample_rate // shared, rate // shared))


def compose_signal(config: SignalConfig, base: Path, sample_rate: int) -> Signal:
    """The whole signal, guitars resampled where they have to be.

    Args:
        config: The ``signal`` section.
        base: The folder that file names are relative to.
        sample_rate: Hz, the interface's.

    Raises:
        ConfigError: A recording is missing, unreadable or too short.
    """
    train = _excerpt(config.train, base, "train", sample_rate)
    holdout = _excerpt(config.holdout, base, "holdout", sample_rate)
    return compose(train, holdout, config.tones_hz, config.tone_s, config.peak_dbfs, sample_rate)

"""A dry guitar recording, judged before anything of it is played: each mistake with its remedy."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration import levels
from rig import data
from rig.config import ExcerptConfig
from rig.errors import ConfigError, SessionError
from rig.session import store

Audio = NDArray[np.float64]

BUILTIN = "builtin:"
#: A guitar needs so much time to be worth the name.
SHORTEST_S = 0.5
#: Made as loud as `peak_dbfs` asks for, a quieter recording is the converter's noise.
SILENT_DBFS = -60.0
#: Sound is what is no further below the loudest of these stretches: a note takes seconds to fade.
SOUND_S, SOUND_DB = 0.05, -60.0
#: Less of it is a click.
LEAST_SOUND_S = 0.25
#: With less of it than this share, most of every take is silence.
SOUND_SHARE = 0.25
#: Two sides that differ by less are one: dither, or the rounding of an export.
SAME_DB = -60.0
#: A mix that is so much quieter than its sides has lost them to each other.
CANCELS_DB = -20.0
#: DC that lies so far below the peak changes nothing; half a second of healthy guitar reaches -54.
DC_DB = -50.0
#: Flat tops: so many samples in a row at the peak, but for rounding, and at so many places.
FLAT_FRAMES, FLAT_PLACES, FLAT_RATIO = 4, 3, 1e-4


@dataclass(frozen=True)
class Excerpt:
    """The part of a recording that is played, at the recording's own rate.

    Attributes:
        audio: ``(frames,)``, without DC.
        sample_rate: Hz.
        notes: What a person should know of it, as ``key.path: sentence``.
    """

    audio: Audio
    sample_rate: int
    notes: tuple[str, ...] = ()


def read_excerpt(excerpt: ExcerptConfig, base: Path, key: str) -> Excerpt:
    """Read and judge the part of a recording that the configuration names.

    Args:
        excerpt: Its section.
        base: The folder that file names are relative to.
        key: The section's key path, for messages.

    Raises:
        ConfigError: It is missing, unreadable, too short, silent, or one of several channels.
    """
    rate, audio = _read(excerpt, base, key)
    part = _channel(_part(audio, rate, excerpt, key), excerpt, key)
    # Before DC is taken off: with it gone, only one side's tops would be at the peak.
    has_flat_tops = is_clipped(part)
    part, notes = _without_dc(part, excerpt, key)
    peak = levels.peak_dbfs(part)
    if peak < SILENT_DBFS:
        raise ConfigError(
            f"{key}: {excerpt.file} is silent there (its loudest sample is {peak:.0f} dBFS): "
            "choose another part by start_s and length_s, or another recording"
        )
    notes += _too_little(part, rate, excerpt, key)
    if has_flat_tops:
        notes += (
            f"{key}.file: {excerpt.file} has flat tops as if it had clipped; record it again with "
            "less gain if you can, since an amp is never played such corners",
        )
    return Excerpt(part, rate, notes)


def _read(excerpt: ExcerptConfig, base: Path, key: str) -> tuple[int, Audio]:
    if not excerpt.file.startswith(BUILTIN):
        try:
            return store.read_wav(base / excerpt.file)
        except SessionError as error:
            raise ConfigError(f"{key}.file: {error}") from None
    found = data.guitar(excerpt.file.removeprefix(BUILTIN))
    if found is None:
        raise ConfigError(
            f"{key}.file: there is no '{excerpt.file}', only builtin:guitar-train and "
            "builtin:guitar-holdout"
        )
    # A package may lie in an archive: then it is a file for as long as it is read.
    with data.as_file(found) as path:
        return store.read_wav(path)


def _part(audio: Audio, rate: int, excerpt: ExcerptConfig, key: str) -> Audio:
    """Return the frames that are asked for, all of them or none."""
    start, length_s = round(excerpt.start_s * rate), excerpt.length_s
    left_s = max(len(audio) - start, 0) / rate
    asked = len(audio) - start if length_s is None else round(length_s * rate)
    there = f"{excerpt.file} has {len(audio) / rate:.1f} s, {left_s:.1f} s of it from start_s on"
    if left_s < SHORTEST_S:
        raise ConfigError(
            f"{key}.start_s: {there}, and {SHORTEST_S:g} s is the least: lower it, or choose a "
            "longer recording"
        )
    # A length that was rounded to a frame more than there is asks for the whole.
    if asked > len(audio) - start + 1:
        raise ConfigError(
            f"{key}.length_s: {there}, not {length_s:g}: ask for no more, or leave length_s out"
        )
    return audio[start : start + asked]


def _channel(audio: Audio, excerpt: ExcerptConfig, key: str) -> Audio:
    """Return the one channel that is played, ``(frames,)``."""
    if audio.ndim == 1:
        return audio
    sides = list(audio.T)
    if len(sides) == 1:
        return np.asarray(sides[0])
    if len(sides) > 2:
        raise ConfigError(
            f"{key}.file: {excerpt.file} has {len(sides)} channels: export the guitar's alone"
        )
    left, right = sides
    match excerpt.channel:
        case "left":
            return np.asarray(left)
        case "right":
            return np.asarray(right)
        case "mix":
            return _mixed(left, right, excerpt, key)
    # One recording twice: there is nothing to choose.
    if levels.rms_dbfs(left - right) <= max(map(levels.rms_dbfs, sides)) + SAME_DB:
        return np.asarray(left)
    raise ConfigError(f"{key}.channel: {excerpt.file} is stereo, and {_difference(left, right)}")


def _difference(left: Audio, right: Audio) -> str:
    """Say how the sides differ, and which word to write."""
    quieter_db = levels.rms_dbfs(left) - levels.rms_dbfs(right)
    if abs(quieter_db) >= -SAME_DB:
        silent, word = ("left", "right") if quieter_db < 0 else ("right", "left")
        return f"its {silent} side is silent: write 'channel: {word}'"
    if _cancels(left, right):
        return "its sides cancel each other: write 'channel: left' or 'channel: right'"
    return "its sides differ: write 'channel: left', 'right' or 'mix'"


def _cancels(left: Audio, right: Audio) -> bool:
    louder = max(levels.rms_dbfs(left), levels.rms_dbfs(right))
    return levels.rms_dbfs((left + right) / 2) < louder + CANCELS_DB


def _mixed(left: Audio, right: Audio, excerpt: ExcerptConfig, key: str) -> Audio:
    if _cancels(left, right):
        raise ConfigError(
            f"{key}.channel: the sides of {excerpt.file} cancel each other when they are mixed "
            "(one has its polarity turned over): choose left or right"
        )
    return (left + right) / 2


def _without_dc(audio: Audio, excerpt: ExcerptConfig, key: str) -> tuple[Audio, tuple[str, ...]]:
    """Take DC off, which drives an amp to one side; more of it than guitar is a broken file."""
    dc = float(np.mean(audio))
    guitar = audio - dc
    if abs(dc) <= 10 ** (DC_DB / 20) * float(np.max(np.abs(guitar), initial=0.0)):
        return audio, ()
    if abs(dc) > levels.rms(guitar):
        raise ConfigError(
            f"{key}.file: {excerpt.file} holds more DC ({levels.dbfs(abs(dc)):.0f} dBFS) than "
            f"guitar ({levels.rms_dbfs(guitar):.0f} dBFS RMS) there: export it again, or choose "
            "another part or another recording"
        )
    note = (
        f"{key}.file: {excerpt.file} has DC of {levels.dbfs(abs(dc)):.0f} dBFS, which is taken off"
    )
    return guitar, (note,)


def sound_s(audio: Audio, sample_rate: int) -> float:
    """Return for how many seconds something sounds in a recording, ``(frames,)``."""
    block = round(SOUND_S * sample_rate)
    power = levels.block_rms(audio, block) ** 2
    heard = power >= 10 ** (SOUND_DB / 10) * np.max(power, initial=1e-20)
    return float(np.sum(heard)) * block / sample_rate


def _too_little(audio: Audio, rate: int, excerpt: ExcerptConfig, key: str) -> tuple[str, ...]:
    """Refuse a click in silence, and note what is mostly silence: it is played all night."""
    length_s, heard_s = len(audio) / rate, sound_s(audio, rate)
    there = f"{excerpt.file} sounds for {heard_s:.2g} of {length_s:.1f} s there"
    remedy = "choose another part by start_s and length_s, or another recording"
    if heard_s < LEAST_SOUND_S:
        raise ConfigError(f"{key}: {there}, and {LEAST_SOUND_S:g} s is the least: {remedy}")
    if heard_s < SOUND_SHARE * length_s:
        return (f"{key}.file: {there}, and the rest is silence, played in every take: {remedy}",)
    return ()


def is_clipped(audio: Audio) -> bool:
    """Whether a recording has flat tops, at full scale or below it where it was turned down since.

    Args:
        audio: ``(frames,)``.
    """
    peak = float(np.max(np.abs(audio), initial=0.0))
    flat = np.abs(audio) >= peak * (1.0 - FLAT_RATIO)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flat, [False]]).astype(np.int8)))
    runs = edges[1::2] - edges[::2]
    return int(np.sum(runs >= FLAT_FRAMES)) >= FLAT_PLACES

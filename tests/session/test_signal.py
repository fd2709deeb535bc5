"""Recordings are judged before anything is played: each mistake with its key and its remedy."""

import struct
from pathlib import Path

import numpy as np
import pytest

from calibration import levels
from calibration.signals import Part
from rig import data
from rig.config import ExcerptConfig, SignalConfig
from rig.errors import ConfigError
from rig.session import store
from rig.session.recording import Audio, is_clipped, read_excerpt
from rig.session.signal import compose_signal, read_guitars

RATE = 48_000
KEY = "signal.train"


def performance(seed: int, seconds: float = 3.0, rate: int = RATE) -> Audio:
    """Plucked notes, as no second seed plays them; the same at any rate."""
    random = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * rate)) / rate
    audio = np.zeros(len(time_s))
    for start_s in np.arange(0.0, seconds, 0.25):
        hz, since_s = 82.4 * 2 ** (random.integers(0, 24) / 12), time_s - start_s
        phases, decay = random.uniform(0, 2 * np.pi, 8), np.exp(-4 * np.maximum(since_s, 0.0))
        partials = sum(
            np.sin(2 * np.pi * hz * (n + 1) * since_s + phases[n]) / (n + 1) for n in range(8)
        )
        audio += np.where(since_s >= 0, decay * partials, 0.0)
    return np.asarray(0.3 * audio / np.max(np.abs(audio)))


def written(folder: Path, audio: Audio, name: str = "di.wav", rate: int = RATE) -> ExcerptConfig:
    (folder / name).write_bytes(store.wav_bytes(audio, rate))
    return ExcerptConfig(file=name)


def refused(excerpt: ExcerptConfig, base: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_excerpt(excerpt, base, KEY)
    return str(caught.value)


def stereo(left: Audio, right: Audio) -> Audio:
    return np.stack([left, right], axis=1)


GUITAR = performance(0)


def test_what_comes_with_rig_is_played_as_it_is() -> None:
    for name in ("guitar-train", "guitar-holdout"):
        excerpt = read_excerpt(ExcerptConfig(file=f"builtin:{name}"), Path(), KEY)
        found = data.guitar(name)
        assert found is not None
        with data.as_file(found) as path:
            assert np.array_equal(excerpt.audio, store.read_wav(path)[1])
        assert excerpt.notes == ()
    assert read_guitars(SignalConfig(), Path(), RATE).notes == ()


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_is_refused(tmp_path: Path, level: float) -> None:
    message = refused(written(tmp_path, level * GUITAR), tmp_path)
    assert message.startswith("signal.train: di.wav is silent there")
    assert "start_s" in message


def test_a_click_in_silence_is_no_guitar(tmp_path: Path) -> None:
    audio = 1e-6 * np.random.default_rng(0).normal(size=3 * RATE)
    audio[RATE : RATE + 40] = 0.5
    message = refused(written(tmp_path, audio), tmp_path)
    assert message.startswith("signal.train: di.wav sounds for 0.05 of 3.0 s there")


def test_much_silence_around_a_few_notes_is_noted(tmp_path: Path) -> None:
    audio = np.concatenate([GUITAR[: 3 * RATE], np.zeros(12 * RATE)])
    notes = read_excerpt(written(tmp_path, audio), tmp_path, KEY).notes
    assert len(notes) == 1
    assert "the rest is silence, played in every take" in notes[0]


def test_only_the_part_that_is_played_has_to_sound(tmp_path: Path) -> None:
    audio = np.concatenate([np.zeros(2 * RATE), GUITAR])
    excerpt = written(tmp_path, audio)
    silent = excerpt.model_copy(update={"length_s": 1.5})
    assert "is silent" in refused(silent, tmp_path)
    assert len(read_excerpt(excerpt.model_copy(update={"start_s": 2.0}), tmp_path, KEY).audio) == (
        3 * RATE
    )


@pytest.mark.parametrize(
    ("update", "key", "says"),
    [
        ({"length_s": 3.5}, "length_s", "has 3.0 s, 3.0 s of it from start_s on, not 3.5"),
        ({"start_s": 2.0, "length_s": 1.2}, "length_s", "1.0 s of it from start_s on"),
        ({"start_s": 2.6}, "start_s", "0.4 s of it from start_s on"),
        ({"start_s": 9.0, "length_s": 1.0}, "start_s", "0.0 s of it from start_s on"),
    ],
)
def test_a_recording_that_is_too_short_says_how_much_there_is(
    tmp_path: Path, update: dict[str, float], key: str, says: str
) -> None:
    message = refused(written(tmp_path, GUITAR).model_copy(update=update), tmp_path)
    assert message.startswith(f"signal.train.{key}: ")
    assert says in message


def test_a_length_to_the_last_frame_is_there(tmp_path: Path) -> None:
    excerpt = written(tmp_path, GUITAR[:100_001]).model_copy(update={"length_s": 100_001 / RATE})
    assert len(read_excerpt(excerpt, tmp_path, KEY).audio) == 100_001


@pytest.mark.parametrize(
    ("right", "says"),
    [
        (performance(1), "write 'channel: left', 'right' or 'mix'"),
        (0.0 * GUITAR, "its right side is silent: write 'channel: left'"),
        (-GUITAR, "cancel each other: write 'channel: left' or 'channel: right'"),
        (0.5 * GUITAR, "its sides differ"),
    ],
)
def test_stereo_asks_which_channel(tmp_path: Path, right: Audio, says: str) -> None:
    message = refused(written(tmp_path, stereo(GUITAR, right)), tmp_path)
    assert message.startswith("signal.train.channel: di.wav is stereo")
    assert says in message


@pytest.mark.parametrize(
    ("channel", "expected"),
    [("left", GUITAR), ("right", performance(1)), ("mix", (GUITAR + performance(1)) / 2)],
)
def test_the_channel_that_is_asked_for_is_played(
    tmp_path: Path, channel: str, expected: Audio
) -> None:
    excerpt = written(tmp_path, stereo(GUITAR, performance(1)))
    chosen = excerpt.model_copy(update={"channel": channel})
    assert np.allclose(read_excerpt(chosen, tmp_path, KEY).audio, expected, atol=1e-6)


def test_sides_that_cancel_are_not_mixed(tmp_path: Path) -> None:
    excerpt = written(tmp_path, stereo(GUITAR, -0.95 * GUITAR))
    message = refused(excerpt.model_copy(update={"channel": "mix"}), tmp_path)
    assert message.startswith("signal.train.channel: ")
    assert "choose left or right" in message


def test_identical_sides_are_taken_as_mono(tmp_path: Path) -> None:
    dither = np.random.default_rng(0).uniform(-1, 1, len(GUITAR)) / 2**15
    excerpt = written(tmp_path, stereo(GUITAR, GUITAR + dither))
    assert np.allclose(read_excerpt(excerpt, tmp_path, KEY).audio, GUITAR, atol=1e-6)


def test_more_than_two_channels_are_refused(tmp_path: Path) -> None:
    excerpt = written(tmp_path, np.stack([GUITAR, GUITAR, GUITAR], axis=1))
    assert "has 3 channels" in refused(excerpt, tmp_path)


def test_dc_is_taken_off_with_a_note_and_more_of_it_than_guitar_refused(tmp_path: Path) -> None:
    excerpt = read_excerpt(written(tmp_path, GUITAR + 0.01), tmp_path, KEY)
    assert abs(np.mean(excerpt.audio)) < 1e-6
    assert excerpt.notes[0].startswith("signal.train.file: di.wav has DC of -40 dBFS")
    assert "holds more DC (-6 dBFS)" in refused(written(tmp_path, GUITAR + 0.5), tmp_path)
    assert "more DC" in refused(written(tmp_path, np.full(RATE, 0.25)), tmp_path)


@pytest.mark.parametrize("turned_down", [1.0, 0.4])
def test_a_clipped_recording_is_noted(tmp_path: Path, turned_down: float) -> None:
    clipped = turned_down * np.clip(6 * GUITAR, -1, 1)
    notes = read_excerpt(written(tmp_path, clipped), tmp_path, KEY).notes
    assert len(notes) == 1
    assert "flat tops" in notes[0]
    assert not is_clipped(GUITAR)
    assert not is_clipped(np.round(GUITAR * 2**15) / 2**15)


def signal_of(train: ExcerptConfig, holdout: ExcerptConfig) -> SignalConfig:
    return SignalConfig(train=train, holdout=holdout)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    silent = written(tmp_path, 0 * GUITAR)
    with pytest.raises(ConfigError) as caught:
        read_guitars(signal_of(silent, ExcerptConfig(file="none.wav")), tmp_path, RATE)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["signal.train", "signal.holdout.file"]


def overlapping(train: ExcerptConfig, holdout: ExcerptConfig, base: Path) -> str:
    with pytest.raises(ConfigError, match=r"^signal\.holdout: .* is the same guitar") as caught:
        read_guitars(signal_of(train, holdout), base, RATE)
    return str(caught.value)


def test_overlapping_parts_of_one_file_are_refused(tmp_path: Path) -> None:
    whole = written(tmp_path, performance(0, 6.0))
    train = whole.model_copy(update={"length_s": 4.0})
    message = overlapping(train, whole.model_copy(update={"start_s": 3.0}), tmp_path)
    assert "start_s and length_s" in message
    apart = whole.model_copy(update={"start_s": 4.0})
    assert len(read_guitars(signal_of(train, apart), tmp_path, RATE).holdout) == 2 * RATE


@pytest.mark.parametrize("gain", [1.0, -0.3, 0.1])
def test_the_same_guitar_in_another_file_is_refused(tmp_path: Path, gain: float) -> None:
    train = written(tmp_path, performance(0, 4.0))
    other = np.concatenate([performance(1, 1.3), gain * performance(0, 4.0)[70_001:130_000]])
    holdout = written(tmp_path, other, "copy.wav")
    overlapping(train, holdout, tmp_path)


def test_the_same_guitar_at_another_rate_is_refused(tmp_path: Path) -> None:
    train = written(tmp_path, performance(0))
    holdout = written(tmp_path, performance(0, rate=44_100)[3_001:], "copy.wav", 44_100)
    overlapping(train, holdout, tmp_path)


@pytest.mark.parametrize("seed", range(20))
def test_two_performances_are_two(tmp_path: Path, seed: int) -> None:
    train = written(tmp_path, performance(seed))
    holdout = written(tmp_path, performance(seed + 100), "other.wav")
    read_guitars(signal_of(train, holdout), tmp_path, RATE)


def tones(hz: float, rate: int) -> Audio:
    """Partials under an envelope without corners: every rate holds the same audio."""
    time_s = np.arange(3 * rate) / rate
    partials = [np.sin(2 * np.pi * hz * n**1.01 * time_s + n * n) / n for n in range(1, 60)]
    return np.asarray(0.1 * np.sin(np.pi * time_s / 3) ** 2 * np.sum(partials, axis=0))


@pytest.mark.parametrize("rate", [22_050, 44_100, 88_200, 96_000, 192_000])
def test_other_rates_are_converted_and_keep_the_peak(tmp_path: Path, rate: int) -> None:
    train = written(tmp_path, tones(82.4, rate), "train.wav", rate)
    holdout = written(tmp_path, tones(97.3, rate), "holdout.wav", rate)
    config = signal_of(train, holdout).model_copy(update={"peak_dbfs": -9.0})
    found = read_guitars(config, tmp_path, RATE).train
    assert np.allclose(found, tones(82.4, RATE), atol=1e-5)
    signal = compose_signal(config, tmp_path, RATE)
    segment = signal.segment(Part.TRAIN)
    played = signal.send[segment.start : segment.stop]
    assert levels.peak_dbfs(played) == pytest.approx(-9.0, abs=1e-4)
    assert levels.peak_dbfs(signal.send) <= -9.0 + 1e-5


def wav(bits: int, tag: int, audio: Audio, *, extensible: bool) -> bytes:
    """A WAV by hand, as recorders write them."""
    if tag == 3:
        samples = audio.astype("<f4" if bits == 32 else "<f8").tobytes()
    else:
        whole = np.round(audio * (2 ** (bits - 1) - 1)).astype("<i4")
        samples = whole.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes()
    width = bits // 8
    head = struct.pack("<HIIHH", 1, RATE, RATE * width, width, bits)
    if extensible:
        guid = struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
        form = struct.pack("<H", 0xFFFE) + head + struct.pack("<HHI", 22, bits, 4) + guid
    else:
        form = struct.pack("<H", tag) + head
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(("bits", "tag"), [(16, 1), (24, 1), (32, 1), (32, 3), (64, 3)])
def test_what_recorders_write_is_read(
    tmp_path: Path, bits: int, tag: int, extensible: bool
) -> None:
    (tmp_path / "di.wav").write_bytes(wav(bits, tag, GUITAR, extensible=extensible))
    excerpt = read_excerpt(ExcerptConfig(file="di.wav"), tmp_path, KEY)
    assert excerpt.sample_rate == RATE
    assert np.allclose(excerpt.audio, GUITAR, atol=2.0**-14)


def test_what_is_no_wav_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "di.flac").write_bytes(b"fLaC" + bytes(200))
    message = refused(ExcerptConfig(file="di.flac"), tmp_path)
    assert message.startswith("signal.train.file: ")
    assert message.endswith(": export it anew as PCM or float WAV")

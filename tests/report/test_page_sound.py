"""What is played in the page: files, cabinets, Stop, and a meter that can be trusted."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import wavfile
from scipy.signal import butter, sosfilt

from rig.report.make import REPORT
from tests.devices.jack import eventually
from tests.report.browser import Opened, opened

RATE = 48_000
GUITAR, CABINET = "#play label:has-text('dry guitar') input", "#play label:has-text('IR') input"
SAID = "#play p[role=status]"


def wav(samples: NDArray[Any]) -> bytes:
    """A WAV of 32 bit floats, which may hold what is no number."""
    file = io.BytesIO()
    wavfile.write(file, RATE, samples.astype(np.float32))
    return file.getvalue()


def tone(peak: float = 0.25) -> NDArray[np.float64]:
    return peak * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)


def impulse(gain: float = 1.0) -> NDArray[np.float64]:
    """An impulse with nothing behind it, as a cabinet of 2048 samples."""
    return np.eye(1, 2048)[0] * gain


def give(shown: Opened, place: str, name: str, samples: NDArray[Any]) -> None:
    file = {"name": name, "mimeType": "audio/wav", "buffer": wav(samples)}
    shown.page.set_input_files(place, file)


def level(shown: Opened) -> float:
    return float(shown.page.get_attribute("#play [role=meter]", "aria-valuenow"))


@pytest.fixture
def played(chrome: Any, reported: Any) -> Iterator[Opened]:
    """A page of its own that passes what it is given, at 0 dB."""
    shown = opened(chrome, reported / REPORT)
    shown.page.check("#play input[type=checkbox]")
    shown.page.fill("#play input[aria-label='output gain in dB']", "0")
    yield shown
    shown.page.context.close()


@pytest.mark.parametrize("gain", [1.0, 0.01, 30.0])
def test_a_cabinet_that_changes_nothing_leaves_the_level(played: Opened, gain: float) -> None:
    give(played, GUITAR, "tone.wav", tone())
    eventually(lambda: level(played) == pytest.approx(-12, abs=1))
    give(played, CABINET, "impulse.wav", impulse(gain))
    played.page.wait_for_selector(f"{SAID}:has-text('impulse.wav')")
    played.page.wait_for_timeout(700)
    assert level(played) == pytest.approx(-12, abs=1)
    assert played.complaints == []


def test_any_cabinet_leaves_a_guitar_about_as_loud(shown: Opened) -> None:
    random = np.random.default_rng(0)
    room = random.standard_normal(9_600) * np.exp(-np.arange(9_600) / 2_000)
    cabinets = [sosfilt(butter(2, (90, 4_500), "band", fs=RATE, output="sos"), impulse()), room]
    # About a guitar: pink from 80 Hz to 8 kHz.
    spectrum = np.fft.rfft(random.standard_normal(10 * RATE))
    frequencies = np.fft.rfftfreq(10 * RATE, 1 / RATE)
    kept = (frequencies > 80) & (frequencies < 8_000)
    pink = np.fft.irfft(np.where(kept, spectrum / np.sqrt(np.maximum(frequencies, 1)), 0))
    for cabinet in cabinets:
        script = f"([ir]) => [...rig.cabinetOf(new Float32Array(ir), {RATE})]"
        made = np.array(shown.call(script, cabinet.tolist()))
        heard = np.fft.irfft(np.fft.rfft(pink) * np.fft.rfft(made, len(pink)))
        assert 20 * np.log10(np.std(heard) / np.std(pink)) == pytest.approx(0, abs=1)


@pytest.mark.parametrize("place", [GUITAR, CABINET])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_file_that_holds_no_numbers_is_refused(played: Opened, place: str, bad: float) -> None:
    samples = tone()
    samples[100] = bad
    give(played, place, "broken.wav", samples)
    played.page.wait_for_selector(f"{SAID}:has-text('broken.wav: holds samples that are no finite')")

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


def tone() -> NDArray[np.float64]:
    """A second at -12 dBFS."""
    samples: NDArray[np.float64] = 0.25 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    return samples


def impulse(gain: float = 1.0) -> NDArray[np.float64]:
    """An impulse with nothing behind it, as a cabinet of 2048 samples."""
    samples = np.zeros(2048)
    samples[0] = gain
    return samples


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


@pytest.mark.parametrize(("other", "level_dbfs"), [(1.0, -12.0), (-1.0, -12.0), (0.0, -18.0)])
def test_two_sides_that_cancel_out_are_no_silence(
    played: Opened, other: float, level_dbfs: float
) -> None:
    """One side turned over, as by a cable, was played as nothing at all."""
    give(played, GUITAR, "both.wav", np.stack([tone(), other * tone()], 1))
    eventually(lambda: level(played) == pytest.approx(level_dbfs, abs=1))
    assert played.complaints == []


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
    said = "broken.wav: holds samples that are no finite numbers"
    played.page.wait_for_selector(f"{SAID}:has-text('{said}')")
    assert played.complaints == []


#: The meter is given what is no number while `broken` is set.
BROKEN = """() => {
  const read = AnalyserNode.prototype.getFloatTimeDomainData;
  AnalyserNode.prototype.getFloatTimeDomainData = function (samples) {
    read.call(this, samples);
    if (globalThis.broken) samples[7] = NaN;
  };
  globalThis.broken = true;
}"""


def test_the_meter_goes_on_after_what_is_no_number(played: Opened) -> None:
    played.page.evaluate(BROKEN)
    give(played, GUITAR, "tone.wav", tone())
    played.page.wait_for_selector(f"{SAID}:has-text('Playing')")
    played.page.wait_for_timeout(300)
    assert level(played) == -60
    played.page.evaluate("() => { globalThis.broken = false; }")
    eventually(lambda: level(played) == pytest.approx(-12, abs=1))


SLOW = """() => {
  const decode = OfflineAudioContext.prototype.decodeAudioData;
  OfflineAudioContext.prototype.decodeAudioData = async function (bytes) {
    await new Promise((resume) => { setTimeout(resume, 500); });
    return decode.call(this, bytes);
  };
}"""


def test_stop_wins_over_a_file_that_is_still_read(played: Opened) -> None:
    page = played.page
    page.evaluate(SLOW)
    give(played, GUITAR, "slow.wav", tone())
    assert "Loading slow.wav ..." in page.inner_text(SAID)
    page.get_by_role("button", name="Stop playing").click()
    own = page.locator("#play button[data-key=file]")
    own.wait_for(state="visible")
    page.wait_for_timeout(300)
    assert page.inner_text(SAID) == "Not playing."
    assert level(played) == -60
    own.click()
    eventually(lambda: level(played) == pytest.approx(-12, abs=1))
    assert own.inner_text() == "Play slow.wav"
    assert own.get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Stop playing").click()
    assert own.get_attribute("aria-pressed") == "false"
    assert own.is_visible()


def test_the_status_tells_source_and_cabinet(played: Opened) -> None:
    give(played, CABINET, "4x12.wav", impulse())
    played.page.wait_for_selector(f"{SAID}:text-is('Not playing. Cabinet: 4x12.wav.')")
    give(played, GUITAR, "mine.wav", tone())
    played.page.wait_for_selector(
        f"{SAID}:text-is('Playing your file mine.wav. Cabinet: 4x12.wav.')"
    )
    played.page.click("#play button:text-is('No cabinet')")
    assert played.page.inner_text(SAID) == "Playing your file mine.wav. No cabinet."
    assert played.complaints == []


#: What is given to the loudspeaker, and what the meter says in words.
AT_THE_END = """() => {
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode && this instanceof WaveShaperNode) {
      globalThis.tapped = new AnalyserNode(this.context, { fftSize: 8192 });
      connect.call(this, globalThis.tapped);
    }
    return connect.call(this, to, ...rest);
  };
}"""
LOUDEST = """() => {
  const samples = new Float32Array(8192);
  globalThis.tapped.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
}"""


def test_nothing_gets_past_full_scale_and_the_meter_says_so(played: Opened) -> None:
    page = played.page
    page.evaluate(AT_THE_END)
    give(played, GUITAR, "tone.wav", tone())
    eventually(lambda: level(played) == pytest.approx(-12, abs=1))
    page.wait_for_timeout(300)
    assert page.evaluate(LOUDEST) == pytest.approx(0.25, rel=0.01)
    assert page.get_attribute("#play [role=meter]", "aria-valuetext") == "-12 dBFS"
    page.fill("#play input[aria-label='output gain in dB']", "20")
    eventually(lambda: "limited" in page.inner_text("#level"))
    page.wait_for_timeout(300)
    assert 0.9 < page.evaluate(LOUDEST) <= 1.0
    page.fill("#play input[aria-label='output gain in dB']", "0")
    eventually(lambda: page.inner_text("#level") == "-12 dBFS")


#: An interface that is given only after somebody has been asked, and what became of it.
ASKED_FIRST = """() => {
  navigator.mediaDevices.getUserMedia = async () => {
    await new Promise((resume) => { setTimeout(resume, 500); });
    const way = new MediaStreamAudioDestinationNode(new AudioContext());
    globalThis.given = way.stream.getTracks()[0];
    return way.stream;
  };
}"""


def test_an_input_that_comes_after_stop_is_given_back(played: Opened) -> None:
    page = played.page
    page.evaluate(ASKED_FIRST)
    page.click("#play button:has-text('my guitar')")
    page.get_by_role("button", name="Stop playing").click()
    page.wait_for_function("() => globalThis.given?.readyState === 'ended'")
    assert page.inner_text(SAID) == "Not playing."
    assert page.locator("#play button[aria-pressed=true][data-key=input]").count() == 0

"""Between the driver's callback and the engine: nothing waits, nothing is lost unseen."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from models.live.player import LiveModel
from models.nam.embedded import embedded
from rig.player.bridge import Bridge
from rig.player.engine import Engine
from rig.player.recorder import Recorder
from rig.player.ring import Ring
from rig.player.sources import FADE_FRAMES, ModelSource, TrackSource
from rig.session import store
from tests.exchange.test_knob_file import KNOBS, SPECS
from tests.models.test_live import guitar
from tests.models.test_models import made


def test_a_ring_gives_back_what_was_written_whoever_is_faster() -> None:
    ring, sent = Ring(1_000), guitar(50_000)
    got: list[np.ndarray] = []

    def write() -> None:
        at, sizes = 0, np.random.default_rng(0)
        while at < len(sent):
            at += ring.write(sent[at : at + int(sizes.integers(1, 400))])

    thread = threading.Thread(target=write)
    thread.start()
    sizes = np.random.default_rng(1)
    while sum(map(len, got)) < len(sent):
        into = np.zeros(int(sizes.integers(1, 400)), np.float32)
        got.append(into[: ring.read(into)])
    thread.join()
    assert np.array_equal(np.concatenate(got), sent)


def test_a_ring_takes_no_more_than_it_holds() -> None:
    ring = Ring(10)
    assert ring.write(guitar(7)) == 7
    assert ring.write(guitar(7)) == 3
    assert ring.skip(4) == 4
    assert len(ring) == 6


class Driver:
    """Calls the bridge as PortAudio does, a block at a time."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge

    def block(self, heard: np.ndarray, channel: int = 0, status: int = 0) -> np.ndarray:
        indata = np.zeros((len(heard), 2), np.float32)
        indata[:, channel] = heard
        outdata = np.full((len(heard), 3), np.nan, np.float32)
        self.bridge(indata, outdata, len(heard), None, status)
        return outdata


def wait_for(bridge: Bridge, frames: int) -> None:
    deadline = time.monotonic() + 10
    while len(bridge.made) < frames:
        assert time.monotonic() < deadline
        time.sleep(1e-3)


@pytest.mark.parametrize("block", [64, 128, 100, 441])
def test_what_comes_out_is_the_model_and_as_late_as_it_is_said_to_be(
    block: int, tmp_path: Path
) -> None:
    section = embedded(made(SPECS[0]), KNOBS)
    source = ModelSource(section)
    bridge = Bridge(slack_blocks=2, every=source.every, inputs=2, outputs=2)
    engine = Engine(bridge, source, 48_000)
    engine.recorder = Recorder(tmp_path / "gespielt und gehört.wav", 48_000)
    engine.start()
    driver, audio = Driver(bridge), guitar(block * 40)
    # Behind what the engine has played to warm up.
    out = []
    for heard in np.split(audio, 40):
        out.append(driver.block(heard))
        wait_for(bridge, min(bridge.slack_frames, len(bridge.made) + 0))
        time.sleep(2e-3)
    wait_for(bridge, bridge.slack_frames - source.every)
    engine.stop()
    assert engine.recorder.close() > 0
    heard = np.concatenate(out)
    assert np.array_equal(heard[:, 0], heard[:, 1])
    assert not heard[:, 2].any()
    assert bridge.dropouts == 0
    live = LiveModel(section)
    for frames in (64, 128, 1_024):
        live.play(np.zeros(frames, np.float32))
    whole = len(audio) // 64 * 64
    expected = np.concatenate([live.play(part) for part in audio[:whole].reshape(-1, 64)])
    late = bridge.slack_frames
    assert late == 2 * block + (64 if block % 64 else 0)
    assert not heard[:late].any()
    assert np.abs(heard[late:, 0] - expected[: len(heard) - late]).max() < 1e-4
    rate, recorded = store.read_wav(tmp_path / "gespielt und gehört.wav")
    assert rate == 48_000
    assert np.abs(recorded - expected[: len(recorded)]).max() < 1e-4


def test_what_could_not_begin_leaves_no_recording(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "take.wav", 48_000)
    recorder.write(np.zeros(64, np.float32))
    recorder.discard()
    assert not list(tmp_path.iterdir())


def test_a_block_that_is_not_ready_is_silence_is_counted_and_makes_nothing_later() -> None:
    bridge = Bridge(slack_blocks=1, every=64, inputs=2, outputs=1)
    driver = Driver(bridge)
    # Nobody computes: the slack is played, then there is nothing.
    assert not np.isnan(driver.block(guitar(64))).any()
    assert bridge.dropouts == 0
    assert not driver.block(guitar(64)).any()
    assert bridge.dropouts == 1
    # Both blocks come at once, too late: what was missed is left out.
    bridge.made.write(np.concatenate([np.full(64, 1.0), np.full(64, 2.0)]).astype(np.float32))
    assert (driver.block(guitar(64))[:, 0] == 2.0).all()
    assert bridge.dropouts == 1


def test_what_the_driver_lost_is_counted_apart_and_levels_are_told_by_input() -> None:
    bridge = Bridge(slack_blocks=1, every=64, inputs=8, outputs=1)
    driver = Driver(bridge)
    driver.block(np.full(64, 0.5, np.float32), channel=1, status=4)
    assert (bridge.driver_dropouts, bridge.dropouts) == (1, 0)
    assert bridge.peaks[:3].tolist() == [0.0, 0.5, 0.0]
    assert len(bridge.heard) == 64


def test_the_input_that_is_chosen_is_heard() -> None:
    bridge = Bridge(slack_blocks=1, every=64, inputs=2, outputs=1)
    bridge.channel = 1
    Driver(bridge).block(guitar(64), channel=1)
    into = np.zeros(64, np.float32)
    bridge.heard.read(into)
    assert np.array_equal(into, guitar(64))


def test_bypassed_the_guitar_itself_is_heard_after_a_short_fade() -> None:
    source = ModelSource(embedded(made(SPECS[0]), KNOBS))
    audio = guitar(2_048)
    source.play(audio)
    source.bypass(True)
    assert np.allclose(source.play(audio)[FADE_FRAMES:], audio[FADE_FRAMES:], atol=1e-6)


def test_tracks_run_in_a_loop_and_change_without_a_gap() -> None:
    steps = np.arange(1_000, dtype=np.float32)
    source = TrackSource(np.stack([steps, -steps]))
    first = source.play(np.zeros(1_024, np.float32))
    assert np.array_equal(first[:1_000], steps)
    assert np.array_equal(first[1_000:], steps[:24])
    source.choose(1)
    second = source.play(np.zeros(1_024, np.float32))
    expected = (24 + np.arange(1_024)) % 1_000
    assert np.allclose(second[FADE_FRAMES:], -expected[FADE_FRAMES:])
    weights = second[:FADE_FRAMES] / np.maximum(expected[:FADE_FRAMES], 1)
    assert np.abs(np.diff(weights)).max() < 2.1 / FADE_FRAMES

"""The player on a real audio server, with knobs swept over MIDI."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from rig.errors import DeviceGone, UsageError
from rig.player.client import Player
from rig.player.hands import Hands
from rig.player.messages import Playing
from rig.player.midi import ControllerInput
from rig.player.wires import controllers
from rig.session import store
from tests.cli.test_cli import rig
from tests.devices import jack
from tests.player import performance


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    jack.needs_jack()
    for name, value in jack.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


#: Of a block's time, for its computation: with more there is none left for what else comes.
BUSY_LOAD = 0.8


def played(player: Player, seconds: float) -> Playing:
    while (report := player.hear()).played_s < seconds:
        pass
    return report


def test_the_default_model_is_played_at_128_frames_while_controllers_sweep(tmp_path: Path) -> None:
    """The guitar is another player's; what is recorded is loud, and moves as the knobs do."""
    config, target = performance.config(), tmp_path / "heard.wav"
    log = tmp_path / "player.log"
    sweeper, guitarist = performance.SWEEPER, performance.GUITARIST
    with (
        jack.server(128),
        performance.beside(sweeper),
        performance.beside(guitarist),
        Player(config, log) as player,
    ):
        wires = controllers(config.panel, {}, {})
        hands = Hands(config.panel, config.panel.reference, wires, player.turn)
        section = performance.section("wavenet", "standard")
        player.play_model(section, hands.point, record=str(target), slack_blocks=4)
        performance.patch()
        with ControllerInput("the hands", "UNIX_JACK", hands.controller):
            report = played(player, 5.0)
        assert player.stop() == pytest.approx(report.played_s, abs=0.5)
    # How fast a machine is, benchmarks measure: one that is busy for most of a block loses some,
    # whatever is right about the player.
    assert report.dropouts == 0 or report.load > BUSY_LOAD, report
    assert report.block_frames == 128
    assert report.slack_frames == 4 * 128
    assert report.load > 0.0
    assert max(report.inputs_dbfs[:1]) > -20
    rate, audio = store.read_wav(target)
    assert rate == 48_000
    loud = [float(np.sqrt(np.mean(part**2))) for part in np.array_split(audio[48_000:], 40)]
    assert min(loud) > 1e-4
    assert max(loud) > 1.05 * min(loud)


@pytest.mark.timeout(60)
def test_an_input_closes_while_controllers_sweep() -> None:
    """A callback of MIDI's own thread hung in one of a few dozen closings, or crashed later."""
    heard: list[tuple[int, int]] = []
    with jack.server(128), performance.beside(performance.SWEEPER):
        for _ in range(60):
            begun = len(heard)
            with ControllerInput("the hands", "UNIX_JACK", lambda *said: heard.append(said)):
                while len(heard) == begun:
                    time.sleep(0.002)
    assert {number for number, _ in heard} == {20, 21, 22}


def test_tracks_are_compared_on_the_audio_server(tmp_path: Path) -> None:
    steps = np.stack([np.full(4_800, 0.25), np.full(4_800, 0.5)]).astype(np.float32)
    target = tmp_path / "heard.wav"
    with jack.server(256), Player(performance.config(), tmp_path / "player.log") as player:
        player.play_tracks(steps, record=str(target))
        played(player, 0.4)
        player.set(track=1)
        played(player, 0.8)
        player.exchange(-steps)
        played(player, 1.2)
        player.stop()
    _, audio = store.read_wav(target)
    assert [audio[100], audio[-1]] == [0.25, -0.5]
    assert 0.5 in audio
    # From one to the other without a jump, but where other tracks begin.
    assert np.sum(np.abs(np.diff(audio)) > 0.001) == 1


def test_a_server_that_dies_ends_it_with_a_sentence(tmp_path: Path) -> None:
    with jack.server(256) as process, Player(performance.config(), tmp_path / "log") as player:
        player.play_tracks(performance.guitar(0.5))
        process.kill()
        with pytest.raises(DeviceGone, match="went away"):
            played(player, 1_000.0)


CARD = ("--input", "system", "--output", "system", "--host-api", "JACK")


def test_a_session_is_played_and_recorded_from_the_command_line(
    finished: Path, tmp_path: Path
) -> None:
    target = tmp_path / "take one.wav"
    with jack.server(256):
        done = rig("play", finished, *CARD, "--seconds", "1", "--record", target, "--at", "gain=9")
        assert done.returncode == 0, done.stderr
        assert "dropouts" in done.stdout
        assert done.stdout.splitlines()[-1].startswith(f"wrote {target}: 1.")
        # Nothing came in, and a model of ours makes nothing of it.
        assert not store.read_wav(target)[1].any()
        again = rig("play", finished, *CARD, "--seconds", "1", "--record", target)
        assert again.returncode == 2
        assert "--force" in again.stderr
        member = rig("play", finished, *CARD, "--seconds", "0.5", "--ensemble", "2")
        assert member.returncode == 0, member.stderr


def test_a_session_is_listened_to_the_worst_setting_first(finished: Path) -> None:
    with jack.server(256):
        done = rig("listen", finished, *CARD, "--seconds", "1")
    assert done.returncode == 0, done.stderr
    worst = next(iter(json.loads((finished / "model" / "metrics.json").read_text())["by_setting"]))
    assert worst in done.stdout
    assert "never trained on" in done.stdout


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ((), "--input: the session was recorded on no sound card"),
        ((*CARD, "--cc", "mid=3"), "there is no knob 'mid'"),
        ((*CARD, "--cc", "gain=300"), "numbers from 0 to 119"),
        ((*CARD, "--cc", "gain=20,volume=20"), "another knob has that controller"),
        ((*CARD, "--ensemble", "9"), "has 2 members"),
        ((*CARD, "--record", "x.mp3"), "ends in .wav"),
    ],
)
def test_a_mistake_is_one_line(finished: Path, typed: tuple[str, ...], said: str) -> None:
    done = rig("play", finished, *typed, "--seconds", "1")
    assert done.returncode == UsageError.exit_code
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_port_that_is_not_there_is_one_line(finished: Path) -> None:
    with jack.server(256):
        done = rig("play", finished, *CARD, "--midi", "nobody", "--midi-api", "UNIX_JACK")
    assert done.returncode == DeviceGone.exit_code
    assert "there is no MIDI input 'nobody'" in done.stderr
    assert len(done.stderr.splitlines()) == 1

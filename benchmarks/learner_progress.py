"""How long a learner is silent with many captures: the default model, a round and the final model.

``python benchmarks/learner_progress.py 1000`` makes up a session of so many short captures, learns
a round and the final model with few steps, and says the longest silence.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from calibration import levels
from rig import config as configuration
from rig.capture import Capture, Outcome, Role
from rig.learner.final import train_final
from rig.learner.rounds import learn
from rig.proposals import designs
from rig.session import facts, store
from rig.session.folder import Session
from rig.session.live import LiveLearner
from rig.session.signal import compose_signal

TEXT = """
name: silence
interface: {driver: virtual}
knobs: {gain: {range: [0, 10], step: 0.01}, tone: {range: [0, 10], step: 0.01}}
signal:
  train: {file: "builtin:guitar-train", length_s: 3}
  holdout: {file: "builtin:guitar-holdout", length_s: 1}
plan: {captures: 2000, holdouts: 4}
learner: {steps: 250, final_steps: 60}
"""


class Silence:
    """The longest time between two words, and what was said before it."""

    def __init__(self) -> None:
        self.longest_s, self.after, self._last = 0.0, "", (time.monotonic(), "the beginning")

    def __call__(self, said: LiveLearner) -> None:
        """Hear a word."""
        now = time.monotonic()
        if now - self._last[0] > self.longest_s:
            self.longest_s, self.after = now - self._last[0], self._last[1]
        self._last = now, f"{said.stage} {said.done}/{said.total}"


def recorded(session: Session, count: int) -> None:
    """Write down so many captures of a memoryless amp, and four holdouts."""
    panel, signal = session.config.panel, session.signal()
    frames = signal.segments[-1].start
    settings = designs.design_settings(panel, "random", count + 4, 1)
    for number, setting in enumerate(settings, 1):
        role = Role.SEED if number <= count else Role.HOLDOUT
        session.order(Capture(number, setting, role, 0))
        take = session.begin(session.state.captures[number].capture)
        heard = np.tanh((1 + setting.values[0]) * signal.send[:frames]) * 0.1
        path = f"captures/{take.number:05d}.wav"
        stored = store.write(session.door, path, store.wav_bytes(heard, signal.sample_rate))
        session.record(
            facts.TakeEnded(
                take=take.number,
                capture=number,
                outcome=Outcome.KEPT,
                aligned=stored,
                figures={"noise_dbfs": -96.0, "return_rms_dbfs": levels.rms_dbfs(heard)},
            )
        )


def main(count: int) -> None:
    """Learn, listen, and say how long nothing was heard."""
    config = configuration.parse(TEXT)
    with tempfile.TemporaryDirectory() as folder:
        signal = compose_signal(config.signal, Path(folder), 48_000)
        session = Session.create(Path(folder) / "session", config, signal)
        recorded(session, count)
        for name, work in (
            ("a round", lambda tell: session.record(learn(session, 1, 4, tell))),
            ("the final model", lambda tell: train_final(session, tell)),
        ):
            silence, began = Silence(), time.monotonic()
            work(silence)
            print(
                f"{name}: {time.monotonic() - began:.0f} s, silent for {silence.longest_s:.1f} s "
                f"at the most, after {silence.after}",
                flush=True,
            )
        session.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)

"""Can a take be trusted? The same question on a real audio server and a third-party amp.

    pip install JACK-Client
    python benchmarks/trust_guitarix.py --draws 3

Needs jackd2 and guitarix. A small JACK client stands between the amp and rig's input and spoils
some takes; knobs are spoilt where they are dialled. After each night every kept setting is recorded
once more, unspoilt: what was kept and is off by an ESR of more than 1e-3 was not found.
"""

import argparse
import logging
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.queues import Queue
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from calibration import levels
from calibration.signals import Part
from rig import config as configuration
from rig.capture import Frames, Recording, Role
from rig.daemon import service
from rig.daemon.request import Request
from rig.devices.client import DevicesClient
from rig.devices.protocols import Report
from rig.knobs import Panel, Setting
from rig.session import store
from rig.session.folder import Session
from tests.devices import guitarix, jack
from tests.devices.test_guitarix import REST, RIG

Audio = NDArray[np.float32]
NAME, RATE = "trust", 48_000
#: What the client delays everything by, so that it can play what comes as well as what was.
LAG = 8_192
LEAST_ESR = 1e-3
FAULTS_A_NIGHT = 6
#: A tenth of a knob's travel, in steps of its controller: values between them are refused.
TENTH = 13
PLAN = "plan: {captures: 20, seeds: 8, batch: 4, holdouts: 2, canary_every: 6}\n"
KNOB_FAULTS = ("knob_off_by_tenth", "knob_stuck", "knobs_at_previous")


class Spoiler:
    """What happens to the return of one take, block by block.

    Args:
        kind: The name of a method, or nothing.
        seed: What it draws from.
    """

    def __init__(self, kind: str = "", seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._does: Callable[[Audio], Audio] | None = getattr(self, kind) if kind else None
        # The signal of these nights plays for four seconds and more; a take begins when it likes.
        self._at = int(RATE * self._random.uniform(1.2, 3.2))
        self._frames = int(np.exp(self._random.uniform(np.log(64), np.log(1024))))
        self._db = self._random.uniform(0.3, 3.0) * self._random.choice([-1.0, 1.0])
        self.lag, self.peak, self._begins = float(LAG), 0.3, 0
        self._last: Audio = np.zeros(1, np.float32)

    def block(self, ring: Audio, written: int, frames: int, begins: int) -> Audio:
        """The next block, which begins so many frames after the order, read from what came in."""
        self._begins = begins
        here = written - frames - self.lag + np.arange(frames)
        whole = np.floor(here).astype(int)
        part = (here - whole).astype(np.float32)
        read = ring[whole % len(ring)] * (1 - part) + ring[(whole + 1) % len(ring)] * part
        read = read.astype(np.float32)
        return read if self._does is None else self._does(read)

    def _now(self, frames: int) -> bool:
        return self._begins <= self._at < self._begins + frames

    def frames_lost(self, x: Audio) -> Audio:
        """Frames are gone, and all that follows comes too early."""
        self.lag -= self._frames * self._now(len(x))
        return x

    def frames_repeated(self, x: Audio) -> Audio:
        """Frames come twice, and all that follows is late."""
        self.lag += self._frames * self._now(len(x))
        return x

    def on_other_clock(self, x: Audio) -> Audio:
        """The return runs on a clock of its own, 50 ppm slow."""
        self.lag += 50e-6 * len(x)
        return x

    def begins_late(self, x: Audio) -> Audio:
        """The whole return is late."""
        self.lag = LAG + self._frames
        return x

    def block_zeroed(self, x: Audio) -> Audio:
        """A block is silent."""
        return x * np.float32(not self._now(len(x)))

    def block_stale(self, x: Audio) -> Audio:
        """A block is the one before it."""
        stale = self._last if self._now(len(x)) and len(self._last) == len(x) else x
        self._last = x
        return stale

    def click(self, x: Audio) -> Audio:
        """A single frame is wrong."""
        if self._now(len(x)):
            x[0] += self.peak
        return x

    def not_a_number(self, x: Audio) -> Audio:
        """A single frame is no number."""
        if self._now(len(x)):
            x[0] = np.nan
        return x

    def _from(self, x: Audio) -> Audio:
        after = np.arange(self._begins, self._begins + len(x)) >= self._at
        return np.asarray(after, dtype=np.float32)

    def gain_step(self, x: Audio) -> Audio:
        """The gain changes in the middle."""
        change = 10 ** (self._db * self._from(x) / 20)
        return np.asarray(x * change, dtype=np.float32)

    def gain_off(self, x: Audio) -> Audio:
        """The gain is another one for the whole take."""
        return x * np.float32(10 ** (self._db / 20))

    def polarity_turned(self, x: Audio) -> Audio:
        """The return is upside down."""
        return -x

    def polarity_turns(self, x: Audio) -> Audio:
        """The return turns over in the middle."""
        return x * (1 - 2 * self._from(x))

    def clipped(self, x: Audio) -> Audio:
        """Something clips far below full scale."""
        return np.clip(x, -0.3 * self.peak, 0.3 * self.peak)

    def _hiss(self, x: Audio, rms: float) -> Audio:
        return (rms * self._random.standard_normal(len(x))).astype(np.float32)

    def off(self, x: Audio) -> Audio:
        """The amp is off, and an input hisses."""
        return self._hiss(x, 3e-4)

    def dies(self, x: Audio) -> Audio:
        """The amp dies in the middle and leaves hiss."""
        return x * (1 - self._from(x)) + self._hiss(x, 1e-4)

    def hiss_rises(self, x: Audio) -> Audio:
        """It hisses more and more."""
        return x + self._hiss(x, 0.05 * self.peak * min(self._begins / (5 * RATE), 1.0))

    def noise_burst(self, x: Audio) -> Audio:
        """A burst of noise."""
        return x + self._hiss(x, 0.3 * self.peak) * np.float32(abs(self._begins - self._at) < 4_800)

    def hum_begins(self, x: Audio) -> Audio:
        """Hum begins in the middle."""
        tone = np.sin(2 * np.pi * 50 * np.arange(self._begins, self._begins + len(x)) / RATE)
        return x + 0.1 * self.peak * tone.astype(np.float32) * self._from(x)

    def offset_jumps(self, x: Audio) -> Audio:
        """The converter's DC jumps."""
        return x + np.float32(0.1 * self.peak) * self._from(x)

    def dulled(self, x: Audio) -> Audio:
        """A longer cable takes the treble."""
        padded = np.concatenate([self._last[-1:], x])
        self._last = x
        return (0.5 * padded[1:] + 0.5 * padded[:-1]).astype(np.float32)


KINDS = (
    *(name for name in vars(Spoiler) if not name.startswith("_") and name != "block"),
    *KNOB_FAULTS,
)


def stand_between(orders: "Queue[tuple[str, int, float]]") -> None:
    """The client's process: passes audio on, and spoils the takes it is told to spoil."""
    import jack as jack_client  # type: ignore[import-untyped]

    client = jack_client.Client(NAME, no_start_server=True)
    ear, mouth = client.inports.register("in"), client.outports.register("out")
    # The loopback comes as late as the return, and is never spoilt.
    cable_in, cable_out = client.inports.register("cable_in"), client.outports.register("cable_out")
    ring, cable = np.zeros(2**17, np.float32), np.zeros(2**17, np.float32)
    now, healthy = {"written": 0, "since": 0, "spoiler": Spoiler()}, Spoiler()

    @client.set_process_callback  # type: ignore[untyped-decorator]
    def process(frames: int) -> None:
        spoiler: Spoiler = now["spoiler"]  # type: ignore[assignment]
        written, since = int(now["written"]), int(now["since"])  # type: ignore[call-overload]
        here = np.arange(written, written + frames) % len(ring)
        ring[here], cable[here] = ear.get_array(), cable_in.get_array()
        now["written"], now["since"] = written + frames, since + frames
        cable_out.get_array()[:] = healthy.block(cable, written + frames, frames, since)
        mouth.get_array()[:] = spoiler.block(ring, written + frames, frames, since)

    with client:
        while True:
            kind, seed, peak = orders.get()
            spoiler = Spoiler(kind, seed)
            spoiler.peak = peak
            now.update(since=0, spoiler=spoiler)


@dataclass
class Orders:
    """What happens to which take of a night, and what was played last at which peak."""

    queue: "Queue[tuple[str, int, float]]"
    at: dict[int, tuple[str, int]]
    panel: Panel
    take: int = 0
    peak: float = 0.1
    before: Setting | None = None


def spoilt_client(orders: Orders) -> type[DevicesClient]:
    """The devices' client, whose takes are spoilt as ordered."""

    class SpoiltClient(DevicesClient):
        def dial(self, setting: Setting, last: str | None = None) -> None:
            kind, seed = orders.at.get(orders.take + 1, ("", 0))
            there = setting
            if kind in KNOB_FAULTS and orders.before is not None:
                there = misdialled(orders.panel, setting, orders.before, kind, seed)
            orders.before = setting
            super().dial(there, last)

        def reamp(self, send: Frames, report: Report = lambda _: None) -> Recording:
            orders.take += 1
            kind, seed = orders.at.get(orders.take, ("", 0))
            orders.queue.put(("" if kind in KNOB_FAULTS else kind, seed, orders.peak))
            time.sleep(0.1)
            recording = super().reamp(send, report)
            if not kind:
                orders.peak = float(np.max(np.abs(recording.returned)))
            return recording

    return SpoiltClient


def misdialled(panel: Panel, setting: Setting, before: Setting, kind: str, seed: int) -> Setting:
    """Where the knobs really go."""
    if kind == "knobs_at_previous":
        return before
    values, knob = list(setting.values), seed % len(setting.values)
    if kind == "knob_stuck":
        values[knob] = before.values[knob]
    else:
        there = list(panel.knobs[knob].values)
        step = there.index(values[knob])
        values[knob] = there[step + TENTH if step + TENTH < len(there) else step - TENTH]
    return Setting(tuple(values))


def patch() -> None:
    """Put the client between the amp and the input, and the loopback beside it."""
    jack.disconnect("gx_head_fx:out_0", "PortAudio:in_0")
    jack.plug("gx_head_fx:out_0", f"{NAME}:in")
    jack.plug(f"{NAME}:out", "PortAudio:in_0")
    jack.disconnect("gx_head_fx:out_1", "PortAudio:in_1")
    jack.plug("PortAudio:out_0", f"{NAME}:cable_in")
    jack.plug(f"{NAME}:cable_out", "PortAudio:in_1")


@contextmanager
def studio(folder: Path) -> Iterator["Queue[tuple[str, int, float]]"]:
    """A running server, amp and client, with their cables."""
    spawn = multiprocessing.get_context("spawn")
    queue: Queue[tuple[str, int, float]] = spawn.Queue()
    with jack.server(), guitarix.amp(folder / "home"):
        client = spawn.Process(target=stand_between, args=(queue,), daemon=True)
        client.start()
        jack.eventually(lambda: f"{NAME}:in" in jack.ports())
        try:
            with jack.kept_patched(patch, threading.Event()):
                yield queue
        finally:
            client.kill()


def night(seed: int, kinds: list[str]) -> list[dict[str, object]]:
    """One session with some faults; what became of each."""
    random = np.random.default_rng(seed)
    at = {10 + 6 * i: (kind, int(random.integers(2**31))) for i, kind in enumerate(kinds)}
    with tempfile.TemporaryDirectory() as name, studio(Path(name)) as queue:
        path = Path(name) / "rig.yaml"
        path.write_text(RIG[: RIG.index("plan:")] + PLAN + REST, encoding="utf-8")
        config = configuration.load(path)
        orders = Orders(queue, at, config.panel)
        with mock.patch("rig.daemon.service.DevicesClient", spoilt_client(orders)):
            ending = service.capture(Request(Path(name) / "session", path), config)
        orders.at = {}
        session = Session.view(Path(name) / "session")
        off = kept_and_off(session, Path(name), orders)
        refused = Counter(
            reason.check
            for entry in session.journal.entries()
            if entry.fact.kind == "take-ended"
            for reason in entry.fact.reasons
        )
        print(f"night {seed}: {ending.reason}; takes {session.state.takes.last}; {dict(refused)}")
        rows = [
            {
                "kind": kind,
                "happened": take <= session.state.takes.last,
                "kept": take in off,
                "esr": off.get(take, 0.0),
                "failed": ending.failed,
            }
            for take, (kind, _) in at.items()
        ]
        for take in set(off) - set(at):
            print(f"  take {take} was not spoilt, and is off by ESR {off[take]:.1e}")
        session.close()
    return rows


def kept_and_off(session: Session, folder: Path, orders: Orders) -> dict[int, float]:
    """Takes that stand for a setting and are not what the amp makes there, with their ESR."""
    devices = spoilt_client(orders)(session.config, folder / "again.log")
    devices.open()
    signal, found = session.signal(), {}
    guitar = slice(signal.segment(Part.TRAIN).start, None)
    for about in session.state.kept(Role.SEED, Role.ACTIVE, Role.HOLDOUT):
        assert about.kept is not None
        assert about.kept.aligned is not None
        devices.dial(about.capture.setting)
        _, again = jack.good_take(devices, signal)
        _, first = store.read_wav(session.folder / about.kept.aligned.path)
        esr = levels.esr(again.returned[guitar], first[guitar])
        if esr > LEAST_ESR:
            found[about.kept.take] = esr
    devices.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    os.environ.update(jack.ENVIRONMENT)
    deck = [kind for kind in asked.kinds.split(",") for _ in range(asked.draws)]
    np.random.default_rng(asked.first).shuffle(deck)
    rows: list[dict[str, object]] = []
    for number, first in enumerate(range(0, len(deck), FAULTS_A_NIGHT)):
        rows += night(asked.first + number, deck[first : first + FAULTS_A_NIGHT])
    print("\n| fault | drawn | kept and off |\n|---|---|---|")
    for kind in sorted({str(row["kind"]) for row in rows}):
        some = [row for row in rows if row["kind"] == kind and row["happened"]]
        print(f"| {kind} | {len(some)} | {sum(bool(row['kept']) for row in some)} |")
    happened = [row for row in rows if row["happened"]]
    kept = [row for row in happened if row["kept"]]
    print(f"\nfound or harmless: {len(happened) - len(kept)} of {len(happened)}")
    for row in kept:
        print("  kept:", row["kind"], f"ESR {row['esr']:.2e}")


if __name__ == "__main__":
    main()

"""The player's process: the driver's callback, the engine, and nothing else that takes time.

A process of its own, so that neither a terminal that is drawn nor torch holds up the driver's
callback, and a driver that hangs can be ended with it.
"""

import gc
import json
import queue
import sys
import threading
import time
from pathlib import Path

import numpy as np

from calibration import levels
from rig import config as configuration
from rig.child import Parent
from rig.config import SoundCardConfig
from rig.devices.lock import DeviceLocks
from rig.devices.soundcard.live import LiveCard
from rig.errors import ConfigError, DeviceError, DeviceGone, DeviceHung, RigError, StorageError
from rig.player.bridge import Bridge
from rig.player.engine import Engine
from rig.player.messages import (
    ORDER,
    Exchange,
    Failed,
    Order,
    Play,
    Playing,
    Set,
    Stop,
    Stopped,
    Turn,
    plain,
)
from rig.player.priority import hurry
from rig.player.recorder import Recorder
from rig.player.sources import ModelSource, Source, TrackSource

#: Between two reports.
REPORT_S = 0.1
#: After so long a thread of Python's lets another one run. The default is two blocks of 128 frames.
SWITCH_S = 1e-4
#: Inputs whose level is told; the interface may have more.
MOST_INPUTS = 8


def _tracks(count: int, block: bytes) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    return np.frombuffer(block, "<f4").reshape(count, -1).astype(np.float32)


# Everything that is slow the first time happens before the interface is opened.
class _Performance:
    """One performance: from opening the interface to closing it."""

    def __init__(self, order: Play, block: bytes) -> None:
        config = configuration.parse(order.config, "the interface to play through")
        assert isinstance(config.interface, SoundCardConfig)
        self._locks = DeviceLocks(config, order.owner)
        self._locks.take()
        self._rate = config.interface.sample_rate
        self.source: Source = (
            TrackSource(_tracks(order.tracks, block))
            if order.tracks
            else ModelSource(json.loads(block))
        )
        bridge = Bridge(order.slack_blocks, self.source.every, MOST_INPUTS, order.outputs)
        self._bridge, self._outputs = bridge, order.outputs
        self._engine = Engine(bridge, self.source, self._rate)
        self._bridge.channel = config.interface.return_channel - 1
        self._card = LiveCard(config, bridge, order.outputs)
        self._record = None if order.record is None else Path(order.record)

    def begin(self, point: tuple[float, ...] | None) -> None:
        """Start computing, then the interface."""
        if point is not None:
            self.turn(point)
        if self._record is not None:
            self._engine.recorder = Recorder(self._record, self._rate)
        self._engine.start()
        # What is there by now stays; nothing after it makes circles, and a search for them takes
        # longer than a block.
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            self._card.open()
        except Exception:
            if self._engine.recorder is not None:
                self._engine.recorder.discard()
            raise

    def turn(self, point: tuple[float, ...]) -> None:
        """Have the knobs go somewhere."""
        if isinstance(self.source, ModelSource):
            self.source.model.turn(np.array(point, np.float32))

    def set(self, order: Set) -> None:
        """Change what the order names."""
        if order.channel is not None:
            self._bridge.channel = order.channel
        if order.level_db is not None:
            self._engine.level.wanted = 10 ** (order.level_db / 20)
        if order.bypassed is not None and isinstance(self.source, ModelSource):
            self.source.bypass(order.bypassed)
        if order.track is not None and isinstance(self.source, TrackSource):
            self.source.choose(order.track)

    # Here and not in the engine: what is told takes longer to put into words than a block to play.
    def report(self) -> Playing:
        """Say how it is going.

        Raises:
            DeviceHung: The interface plays no more.
        """
        bridge = self._bridge
        if self._engine.error is not None:
            raise self._engine.error
        self._card.refuse_standstill(bridge.blocks)
        load, highest = self._engine.load()
        blocks = max(bridge.blocks, 1)
        return Playing(
            played_s=bridge.frames / self._rate,
            load=load,
            highest_load=highest,
            dropouts=bridge.dropouts,
            driver_dropouts=bridge.driver_dropouts,
            block_frames=round(bridge.frames / blocks),
            slack_frames=bridge.slack_frames,
            driver_latency_s=self._card.latency_s,
            callback_s=bridge.longest_s,
            inputs_dbfs=tuple(levels.dbfs(float(peak)) for peak in bridge.peaks),
            output_dbfs=self._engine.loudest_dbfs,
        )

    def end(self) -> float:
        """Close everything; return how many seconds were recorded."""
        self._card.close()
        self._engine.stop()
        recorder = self._engine.recorder
        return 0.0 if recorder is None else recorder.close()


# Orders are read by another thread, so that a report never waits for one.
class PlayerWorker:
    """Does what the command says, and reports ten times a second."""

    def __init__(self) -> None:
        self._parent = Parent()
        self._orders: queue.SimpleQueue[tuple[Order, bytes]] = queue.SimpleQueue()
        self._performance: _Performance | None = None
        self._report_at = 0.0

    def serve(self) -> None:
        """Play until told to stop, or until something fails."""
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            while not self._step():
                pass
        except RigError as error:
            self._parent.send(plain(Failed(error=type(error).__name__, why=str(error))))

    def _listen(self) -> None:
        while True:
            message, block = self._parent.receive()
            self._orders.put((ORDER.validate_python(message), block))

    def _step(self) -> bool:
        """Report where it is time to, and take an order; return whether it was the last."""
        # By the clock: a controller that is turned sends orders without a pause.
        if self._performance is not None and time.monotonic() >= self._report_at:
            self._parent.send(plain(self._performance.report()))
            self._report_at = time.monotonic() + REPORT_S
        try:
            order, block = self._orders.get(timeout=REPORT_S)
        except queue.Empty:
            return False
        match order:
            case Play():
                self._performance = _Performance(order, block)
                self._performance.begin(order.point)
            case Turn(point=point) if self._performance is not None:
                self._performance.turn(point)
            case Set() if self._performance is not None:
                self._performance.set(order)
            case Exchange(tracks=count) if self._performance is not None:
                if isinstance(self._performance.source, TrackSource):
                    self._performance.source.exchange(_tracks(count, block))
            case Stop():
                seconds = 0.0 if self._performance is None else self._performance.end()
                self._parent.send(plain(Stopped(recorded_s=seconds)))
                return True
        return False


#: Errors that cross the process boundary by name.
ERRORS: dict[str, type[RigError]] = {
    kind.__name__: kind for kind in (ConfigError, DeviceError, DeviceGone, DeviceHung, StorageError)
}

if __name__ == "__main__":
    sys.setswitchinterval(SWITCH_S)
    # Every thread of this process: one that is held up while it has Python's lock holds up all.
    hurry()
    PlayerWorker().serve()

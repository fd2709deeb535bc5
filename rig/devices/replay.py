"""Recordings of an amp in its place: each setting that was recorded brings back what it gave."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np

from calibration import levels, signals
from calibration.signals import Part, Signal
from rig import dataset
from rig.capture import Frames, Levels, Recording
from rig.config import Config, ReplayInterfaceConfig
from rig.dataset import DataTake
from rig.devices.protocols import DriverContext, Report
from rig.errors import ConfigError, DeviceError, UsageError


# Apart from the interface, as everywhere: what dials need not be what plays.
class ReplayAmp:
    """An amp that is only remembered: to dial it is to choose a recording.

    Args:
        context: The session's configuration; nothing else of it makes a difference.
    """

    def __init__(self, context: DriverContext) -> None:
        self._names = tuple(context.config.knobs)
        #: Where the knobs stand, in the order of rig.yaml.
        self.values: tuple[float, ...] = ()

    def open(self) -> None:
        """Take hold of nothing."""

    def dial(self, values: Mapping[str, float]) -> None:
        """Choose a recording; that there is one shows when it is played."""
        # The rest position need not have been recorded: nobody plays there.
        self.values = tuple(values[name] for name in self._names)

    def close(self) -> None:
        """Let go of nothing."""


# In the devices' process like any other driver: whoever captures from it need not know.
class ReplayInterface:
    """Plays back what was recorded, for the very input that it was recorded with.

    Args:
        context: The configuration and the amp that remembers where its knobs stand.

    Raises:
        ConfigError: The amp is another one, or the recordings cannot be used.
    """

    def __init__(self, context: DriverContext) -> None:
        config, amp = context.config.interface, context.amp
        assert isinstance(config, ReplayInterfaceConfig)
        if not isinstance(amp, ReplayAmp):
            raise ConfigError("interface.driver: recordings need amp: {driver: replay}")
        self._amp = amp
        try:
            self._data = dataset.read(Path(config.takes))
            self._signal = dataset.signal_of(self._data)
            self._latency, _ = dataset.latency_of(self._data, self._signal)
        except UsageError as error:
            raise ConfigError(f"interface.takes: {error}") from None

    @staticmethod
    def problems(config: Config) -> list[str]:
        """Mistakes in a configuration that only this driver knows of."""
        if config.amp.driver != "replay":
            return ["amp.driver: recordings need amp: {driver: replay, settings: ...}"]
        return []

    @property
    def sample_rate(self) -> int:
        """Frames per second."""
        return self._signal.sample_rate

    @property
    def paced(self) -> bool:
        """Recordings play faster than time."""
        return False

    def open(self) -> None:
        """Take hold of nothing."""

    def close(self) -> None:
        """Let go of nothing."""

    @cached_property
    def _takes(self) -> dict[tuple[float, ...], DataTake]:
        """The first recording of each setting."""
        return {take.values: take for take in reversed(self._data.takes)}

    @cached_property
    def _look(self) -> Signal | None:
        """What a look at a setting plays; None where the input has no stretch for it."""
        return signals.look(self._signal) if self._signal.has(Part.BEFORE) else None

    def reamp(self, send: Frames, report: Report) -> Recording:
        """Bring back what the setting gave; see `rig.devices.protocols.Interface`."""
        take = self._takes.get(self._amp.values)
        if take is None:
            raise DeviceError(f"there is no recording of the setting {self._amp.values}")
        whole = self._signal.send.astype(np.float32)
        recorded = dataset.cut_to_input(self._data, take, self._latency, len(whole))
        if self._look is not None and len(send) == len(self._look.send):
            whole = self._look.send.astype(np.float32)
            parts = [self._signal.segment(segment.part) for segment in self._look.segments]
            recorded = np.concatenate([recorded[part.start : part.stop] for part in parts])
        if not np.array_equal(send, whole):
            raise DeviceError(
                "recordings answer to nothing but the input that they were made with; "
                "'rig capture' takes it from them by itself"
            )
        played_s = len(send) / self.sample_rate
        report(Levels(played_s, levels.peak_dbfs(send), levels.peak_dbfs(recorded)))
        # Where a preamble was played, the input itself is the time reference, and it is not late.
        return Recording(recorded, send.copy() if self._signal.has_preamble else None)

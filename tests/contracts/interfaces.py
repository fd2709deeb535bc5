"""What every interface must do; a suite for a new driver is one class with one fixture."""

from collections.abc import Iterator

import numpy as np
import pytest

from calibration import latency
from calibration.signals import preamble
from rig.capture import Levels
from rig.devices.protocols import Interface, TakeCancelled

LEAD = 4_800


class InterfaceContract:
    """Subclass it, and give it ``interface``: not yet opened, its amp dialled and patched."""

    @pytest.fixture
    def interface(self) -> Iterator[Interface]:
        raise NotImplementedError

    def send(self, rate: int) -> np.ndarray:
        burst = preamble(rate)
        return np.concatenate([np.zeros(LEAD), burst, np.zeros(rate // 2)]).astype(np.float32)

    def test_it_returns_as_much_as_it_was_sent(self, interface: Interface) -> None:
        interface.open()
        send = self.send(interface.sample_rate)
        recording = interface.reamp(send, lambda _levels: None)
        assert recording.returned.shape == send.shape
        assert recording.returned.dtype == np.float32
        assert recording.loopback is None or recording.loopback.shape == send.shape
        assert np.all(np.isfinite(recording.returned))
        assert np.max(np.abs(recording.returned)) <= 1.0
        interface.close()

    def test_its_round_trip_is_the_same_every_time(self, interface: Interface) -> None:
        interface.open()
        rate = interface.sample_rate
        found = []
        for _ in range(3):
            recording = interface.reamp(self.send(rate), lambda _levels: None)
            reference = recording.returned if recording.loopback is None else recording.loopback
            found.append(latency.measure(reference, preamble(rate), LEAD).frames)
        assert max(found) - min(found) < 0.02
        interface.close()

    def test_it_reports_levels_and_where_it_is(self, interface: Interface) -> None:
        interface.open()
        seen: list[Levels] = []
        send = self.send(interface.sample_rate)
        interface.reamp(send, seen.append)
        assert seen
        times = [levels.played_s for levels in seen]
        assert times == sorted(times)
        assert all(levels.send_dbfs <= 0 and levels.return_dbfs <= 0.5 for levels in seen)
        interface.close()

    def test_a_cancelled_take_ends_and_the_next_one_plays(self, interface: Interface) -> None:
        interface.open()
        send = self.send(interface.sample_rate)

        def cancel(_levels: Levels) -> None:
            raise TakeCancelled

        with pytest.raises(TakeCancelled):
            interface.reamp(send, cancel)
        assert interface.reamp(send, lambda _levels: None).returned.shape == send.shape
        interface.close()

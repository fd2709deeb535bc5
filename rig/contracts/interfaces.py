"""What every interface must do."""

from collections.abc import Iterator

import numpy as np
import pytest

from calibration import latency
from calibration.signals import preamble
from rig.capture import Frames, Levels
from rig.devices.protocols import Interface, TakeCancelled

LEAD_FRAMES = 4_800
#: Round trips of one stream may differ by this much.
STEADY_FRAMES = 0.02


def _unheard(_levels: Levels) -> None:
    return None


class InterfaceContract:
    """Subclass it, and give it ``interface``: not yet opened, its amp dialled and patched."""

    @pytest.fixture
    def interface(self) -> Iterator[Interface]:
        """The interface, not yet opened."""
        raise NotImplementedError

    def send(self, rate: int) -> Frames:
        """A sync preamble with silence around it, ``(frames,)``."""
        burst = 0.25 * preamble(rate)
        parts = [np.zeros(LEAD_FRAMES), burst, np.zeros(rate // 2)]
        return np.concatenate(parts).astype(np.float32)

    def test_it_returns_as_much_as_it_was_sent(self, interface: Interface) -> None:
        """Return and loopback are float32, finite and within full scale."""
        interface.open()
        send = self.send(interface.sample_rate)
        recording = interface.reamp(send, _unheard)
        assert recording.returned.shape == send.shape
        assert recording.returned.dtype == np.float32
        assert recording.loopback is None or recording.loopback.shape == send.shape
        assert np.all(np.isfinite(recording.returned))
        assert np.max(np.abs(recording.returned)) <= 1.0
        interface.close()

    def test_its_round_trip_is_the_same_every_time(self, interface: Interface) -> None:
        """Within one stream, to a fiftieth of a frame."""
        interface.open()
        rate = interface.sample_rate
        found = []
        for _ in range(3):
            recording = interface.reamp(self.send(rate), _unheard)
            reference = recording.returned if recording.loopback is None else recording.loopback
            found.append(latency.measure(reference, preamble(rate), LEAD_FRAMES).frames)
        assert max(found) - min(found) < STEADY_FRAMES
        interface.close()

    def test_it_reports_levels_and_where_it_is(self, interface: Interface) -> None:
        """At least once a take, in order of time."""
        interface.open()
        seen: list[Levels] = []
        interface.reamp(self.send(interface.sample_rate), seen.append)
        assert seen
        times = [levels.played_s for levels in seen]
        assert times == sorted(times)
        assert all(levels.send_dbfs <= 0 and levels.return_dbfs <= 0.5 for levels in seen)
        interface.close()

    def test_a_cancelled_take_ends_and_the_next_one_plays(self, interface: Interface) -> None:
        """`TakeCancelled` passes through, and harms nothing."""
        interface.open()
        send = self.send(interface.sample_rate)

        def cancel(_levels: Levels) -> None:
            """At the first report."""
            raise TakeCancelled

        with pytest.raises(TakeCancelled):
            interface.reamp(send, cancel)
        assert interface.reamp(send, _unheard).returned.shape == send.shape
        interface.close()

    def test_it_opens_again_after_closing(self, interface: Interface) -> None:
        """As it must after it was lost; closing twice is harmless."""
        interface.close()
        for _ in range(2):
            interface.open()
            assert len(interface.reamp(self.send(interface.sample_rate), _unheard).returned)
            interface.close()
            interface.close()

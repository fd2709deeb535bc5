"""What every amp must do; a suite for a new driver is one class with one fixture."""

from collections.abc import Iterator

import pytest

from rig.devices.protocols import Amp
from rig.knobs import Panel


class AmpContract:
    """Subclass it, and give it ``amp`` (not yet opened) and ``panel``."""

    @pytest.fixture
    def amp(self) -> Iterator[Amp]:
        raise NotImplementedError

    @pytest.fixture
    def panel(self) -> Panel:
        raise NotImplementedError

    def test_it_dials_the_whole_range_of_every_knob(self, amp: Amp, panel: Panel) -> None:
        amp.open()
        for point in (0.0, 1.0, 0.5):
            amp.dial(panel.named(panel.quantise([point] * len(panel))))
        amp.close()

    def test_it_opens_again_after_closing(self, amp: Amp, panel: Panel) -> None:
        for _ in range(2):
            amp.open()
            amp.dial(panel.named(panel.rest))
            amp.close()

    def test_closing_twice_is_harmless(self, amp: Amp, panel: Panel) -> None:
        amp.close()
        amp.open()
        amp.close()
        amp.close()

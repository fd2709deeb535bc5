"""What every amp must do."""

from collections.abc import Iterator

import pytest

from rig.devices.protocols import Amp
from rig.knobs import Panel


class AmpContract:
    """Subclass it, and give it ``amp`` (not yet opened) and ``panel``."""

    @pytest.fixture
    def amp(self) -> Iterator[Amp]:
        """The amp, not yet opened."""
        raise NotImplementedError

    @pytest.fixture
    def panel(self) -> Panel:
        """The knobs of the amp."""
        raise NotImplementedError

    def test_it_dials_the_whole_range_of_every_knob(self, amp: Amp, panel: Panel) -> None:
        """Both ends and the middle, and the middle again."""
        amp.open()
        for point in (0.0, 1.0, 0.5, 0.5):
            amp.dial(panel.named(panel.quantise([point] * len(panel))))
        amp.close()

    def test_it_dials_knobs_in_any_order(self, amp: Amp, panel: Panel) -> None:
        """The check sets one knob after all others to find two that share a wire."""
        amp.open()
        named = panel.named(panel.rest)
        amp.dial(dict(reversed(named.items())))
        amp.close()

    def test_it_opens_again_after_closing(self, amp: Amp, panel: Panel) -> None:
        """As it must after it was lost."""
        for _ in range(2):
            amp.open()
            amp.dial(panel.named(panel.rest))
            amp.close()

    def test_closing_twice_is_harmless(self, amp: Amp) -> None:
        """Before it was opened, and after it was closed."""
        amp.close()
        amp.open()
        amp.close()
        amp.close()

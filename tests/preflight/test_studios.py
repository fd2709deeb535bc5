"""``rig check`` in studios that were written from physics: the healthy are not accused."""

import pytest

from rig.devices.virtual.studio import draw_studio
from rig.preflight import Finding, Grade
from tests.studios.checked import accusations, check

#: Kinds that were accused once, with and without a loopback.
HEALTHY = [
    (("late_presence", "plain_cabinet"), False),
    (("bypassed_tone",), True),
    (("gain_alike_at_ends", "single_ended"), False),
    (("closing_volume", "compressor"), False),
]


def rows(kinds: tuple[str, ...], *, loopback: bool = True) -> dict[str, Finding]:
    studio = draw_studio(3, healthy=False, loopback=loopback, amp_kinds=kinds)
    return {row.name: row for row in check(studio, 3)}


@pytest.mark.parametrize(("kinds", "loopback"), HEALTHY)
def test_the_healthy_are_not_accused(kinds: tuple[str, ...], loopback: bool) -> None:
    assert not accusations(list(rows(kinds, loopback=loopback).values()))


def test_a_tremolo_is_named_and_nothing_else_is() -> None:
    found = rows(("tremolo",))
    assert [row.name for row in accusations(list(found.values()))] == ["modulation"]


def test_a_delay_left_on_is_named_and_no_knob_is_accused() -> None:
    found = rows(("echo",))
    assert found["delay or reverb"].verdict is Grade.NOTE
    assert found["knob gain"].verdict is Grade.NOTE
    assert not accusations(list(found.values()))


def test_an_amp_that_glides_to_a_new_setting_is_named_with_its_key() -> None:
    studio = draw_studio(7)
    studio.spoil_next("settles_late", 7, takes=500)
    row = next(row for row in check(studio, 7) if row.name == "settling")
    assert row.verdict is Grade.BAD
    assert "amp.settle_s" in row.advice
    assert rows(("late_presence", "plain_cabinet"))["settling"].verdict is Grade.GOOD


#: Healthy studios that were accused: a round trip measured at a send that was turned down, a clean
#: amp that does not close, a bass knob before a gate that opens for quiet tones.
ACCUSED_ONCE = [30028, 30063, 30013]


@pytest.mark.parametrize("seed", ACCUSED_ONCE)
def test_who_was_accused_once_is_accused_no_more(seed: int) -> None:
    assert not accusations(check(draw_studio(seed), seed))

"""Whom clean takes blame for an instant that they seem to have."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from calibration.moments import LEAST_OTHERS, ODDITY_LIMIT
from rig.capture import Role
from rig.daemon import instants
from tests.calibration.test_moments import NOISE, RATE, family

ODD, BROKEN = 7, 4


def blamed(patch: pytest.MonkeyPatch, asked: set[int], **broken: object) -> tuple[int, ...]:
    """Ask a session in which take 7 was odd twice and take 4 has a click; captures are 100 on."""
    audio = family().astype(np.float32)
    audio[BROKEN, 60_960:61_216] += 1.0
    hiss = {"noise_dbfs": 10 * np.log10(NOISE[0])}
    twice = {"oddest_moment": 2 * ODDITY_LIMIT, "is_believed": 1.0}
    takes = [
        SimpleNamespace(take=row, figures={**hiss, **(twice if row == ODD else {})})
        for row in range(LEAST_OTHERS + 4)
    ]
    kept = [
        SimpleNamespace(
            capture=SimpleNamespace(number=100 + take.take, role=Role.SEED, setting=take.take),
            kept=take,
            was_repeated=False,
        )
        for take in takes
    ]
    vars(kept[BROKEN]).update({k: v for k, v in broken.items() if k == "was_repeated"})
    kept[BROKEN].capture.role = broken.get("role", Role.SEED)
    rest = [row for row in range(len(takes)) if row != ODD]
    patch.setattr(instants, "kept_takes", lambda _: list(zip(kept, takes, strict=True)))
    patch.setattr(instants, "beside", lambda *_: (audio[rest], [takes[row] for row in rest]))
    kept_audio: Any = SimpleNamespace(
        of=lambda take: audio[take.take], signal=SimpleNamespace(sample_rate=RATE)
    )
    return instants.blamed_by_others(cast("Any", None), kept_audio, asked)


def test_the_take_with_the_click_is_blamed_and_each_odd_one_is_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: set[int] = set()
    assert blamed(monkeypatch, asked) == (100 + BROKEN,)
    assert asked == {ODD}
    assert blamed(monkeypatch, asked) == ()


@pytest.mark.parametrize("broken", [{"role": Role.CANARY}, {"was_repeated": True}])
def test_canaries_and_what_another_take_has_said_are_not_doubted(
    monkeypatch: pytest.MonkeyPatch, broken: dict[str, object]
) -> None:
    assert blamed(monkeypatch, set(), **broken) == ()

"""Whole nights in drawn studios: the healthy complete, and what a fault spoilt does not stay.

`benchmarks/trust.py` is the long form, with hundreds of nights.
"""

from pathlib import Path

import pytest

from rig.capture import Role
from rig.devices.virtual.studio import draw_studio
from tests.studios.night import Spoiling, night

#: A take, and what spoils it: kind, seed, how many takes.
SPOILT = {
    10: ("knob_stuck", 1, 3),
    17: ("polarity_turned", 2, 1),
    24: ("return_begins_late", 3, 1),
    31: ("cable_dull", 4, 1),
}
#: Worse than any amp repeats itself.
COUNTS_ESR = 1e-2


@pytest.mark.parametrize("loopback", [True, False], ids=["loopback", "none"])
def test_a_healthy_studio_has_its_night(tmp_path: Path, loopback: bool) -> None:
    found = night(tmp_path, draw_studio(7, loopback=loopback), 7, 12)
    found.session.close()
    assert not found.failed, found.reason
    assert not found.given_up()


def test_what_a_fault_spoilt_does_not_stand_for_a_setting(tmp_path: Path) -> None:
    found = night(tmp_path, draw_studio(11), 11, 18, Spoiling(SPOILT))
    found.session.close()
    spoilt = [happened for happened in found.happened if happened.error_esr > COUNTS_ESR]
    assert len({happened.kind for happened in spoilt}) >= 3, "too little happened to be a test"
    standing = [
        f"{happened.kind} in capture {about.capture.number}: ESR {happened.error_esr:.2g}"
        for about, happened in found.kept_spoilt()
        if happened.error_esr > COUNTS_ESR and about.capture.role is not Role.CANARY
    ]
    assert not standing

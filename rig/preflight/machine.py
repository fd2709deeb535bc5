"""The machine that has to stay up all night: sleep, battery, priority, and whom it tells."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rig import keep_awake, notify
from rig.config.types import NotifyConfig
from rig.preflight.finding import Finding, Grade

POWER_SUPPLIES = Path("/sys/class/power_supply")
#: A battery tool that hangs shall not hold up the check.
PATIENCE_S = 5.0
#: What Windows says where it runs on a battery.
_ON_BATTERY = 0


def machine(*, paced: bool) -> Iterator[Finding]:
    """The rows about the machine.

    Args:
        paced: Whether real devices are played, whose audio must not wait.
    """
    yield _sleep()
    if is_on_battery():
        advice = "plug the machine in: it sleeps, slows down or ends when the battery runs low"
        yield Finding("battery", "on battery", "", Grade.NOTE, advice)
    if paced and sys.platform == "linux":
        yield _priority()


def _sleep() -> Finding:
    if keep_awake.can_keep_awake():
        return Finding("sleep", "rig keeps the machine awake")
    advice = "nothing here keeps the machine awake: switch sleep off in its settings for the night"
    return Finding("sleep", "not prevented", "", Grade.NOTE, advice)


def is_on_battery(supplies: Path = POWER_SUPPLIES) -> bool:
    """Whether the machine runs on its battery; False where it has none, or does not tell."""
    if sys.platform == "darwin":
        return "Battery Power" in _said(["pmset", "-g", "batt"])
    if sys.platform == "win32":
        # SYSTEM_POWER_STATUS has twelve bytes, of which the first says whether there is mains.
        status = (ctypes.c_ubyte * 12)()
        told = ctypes.windll.kernel32.GetSystemPowerStatus(ctypes.byref(status))
        return bool(told) and status[0] == _ON_BATTERY
    told = {_read(folder / "status") for folder in _batteries(supplies)}
    # One of two batteries may be idle; a charger that is plugged in discharges none of them.
    return "Discharging" in told


def _batteries(supplies: Path) -> Iterator[Path]:
    """The machine's own batteries: a mouse has one too, and says so by its scope."""
    if not supplies.is_dir():
        return
    for folder in supplies.iterdir():
        if _read(folder / "type") == "Battery" and _read(folder / "scope") != "Device":
            yield folder


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _said(command: list[str]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _priority() -> Finding:
    """Whether audio may go before everything else that runs."""
    if _may_be_real_time():
        return Finding("priority", "real time allowed")
    advice = "if audio is lost, let your user have it: a line '@audio - rtprio 95' in "
    advice += "/etc/security/limits.d/audio.conf"
    return Finding("priority", "no real time", "", Grade.NOTE, advice)


def _may_be_real_time() -> bool:
    if sys.platform != "linux":
        return False
    # Not at the top, since Windows has no such module.
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_RTPRIO)
    # Below zero it is no limit at all.
    return soft != 0 or os.geteuid() == 0


def programs(told: NotifyConfig) -> Iterator[Finding]:
    """Run the user's programs once, as the night will, with ``RIG_EVENT=check``."""
    for key, command in told:
        if not command:
            continue
        facts = {"reason": f"rig check tries notify.{key}", "session": ""}
        code = notify.tell(command, "check", facts)
        advice = f"nobody would be told: run {command[0]} by hand, and mend notify.{key}"
        row = f"notify {key.removeprefix('on_')}"
        if code is None:
            yield Finding(row, "does not run", "exit code 0", Grade.BAD, advice)
        elif code != 0:
            # It may only not know this event; the night goes on all the same.
            yield Finding(row, f"exit code {code}", "exit code 0", Grade.NOTE, advice)
        else:
            yield Finding(row, "exit code 0", "exit code 0")

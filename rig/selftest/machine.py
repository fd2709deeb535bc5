"""The machine, and what it offers for a night without anybody there."""

import locale
import os
import platform
import sys
from collections import Counter
from importlib import metadata

from rig import keep_awake
from rig.devices.survey import survey
from rig.monitor.keys import keyboard, no_keys

#: Whose versions make a difference.
PACKAGES = ("torch", "numpy", "scipy", "sounddevice", "mido", "python-rtmidi", "rich", "filelock")
#: How long somebody may take to press a key.
PRESSED_S = 10.0


def system() -> str:
    """Tell which system, Python and terminal this is."""
    encoding = getattr(sys.stdout, "encoding", None) or "none"
    terminal = os.environ.get("TERM") or (os.environ.get("WT_SESSION") and "Windows Terminal")
    python = f"Python {platform.python_version()} {platform.machine()}"
    where = f"{encoding}, locale {locale.getlocale()[0]}, terminal {terminal or 'unknown'}"
    return f"rig {metadata.version('rig-capture')}, {platform.platform()}, {python}, {where}"


def packages() -> str:
    """Tell the versions of what rig is built on; nothing is loaded for it."""
    found = {name: _version(name) for name in PACKAGES}
    return ", ".join(f"{name} {version}" for name, version in found.items())


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


def sleep() -> str:
    """Keep the machine awake for a moment."""
    if not keep_awake.can_keep_awake():
        raise OSError("nothing here keeps the machine awake: switch sleep off for the night")
    return "kept away for a moment"


def audio() -> str:
    """Count audio devices by host API, and MIDI ports by the system's interface."""
    found = survey()
    hosts = Counter(device.host_api for device in found.audio)
    ports = Counter(port.api for port in found.midi)
    if found.troubles:
        raise OSError("; ".join(found.troubles))
    counted = [f"{api} {count}" for api, count in sorted((hosts + ports).items())]
    return ", ".join(counted) or "no device and no port is plugged in"


def keys() -> str:
    """Hear one key without Enter."""
    with keyboard() as key:
        if key is no_keys:
            raise OSError("this terminal gives no single keys: use Enter, or other commands")
        pressed = key(PRESSED_S)
    if pressed is None:
        raise TimeoutError(f"no key was heard within {PRESSED_S:g} s")
    return f"heard {pressed!r}"

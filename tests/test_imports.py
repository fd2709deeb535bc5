"""The rooms: imports run downwards only, and what must start at once imports no torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: Each room and the rooms below it that it may use; a room always may use itself.
FLOOR = {"rig.knobs", "rig.capture", "rig.config", "rig.errors", "rig.clock", "rig.data"}
STORES = {"rig.reserve", "rig.facts", "rig.journal", "rig.store", "rig.child"}
SESSION = FLOOR | STORES | {"rig.session", "calibration"}
WORK = SESSION | {
    "rig", "rig.daemon", "rig.devices", "rig.learner", "rig.learning", "rig.mending", "rig.notify",
    "rig.people", "rig.proposals", "rig.stopping", "rig.wire", "rig.work",
}  # fmt: skip
BELOW = {
    "calibration": set(),
    "models": set(),
    "rig.errors": set(),
    "rig.clock": set(),
    "rig.data": set(),
    "rig.child": set(),
    "rig.knobs": set(),
    "rig.capture": {"rig.knobs"},
    "rig.config": {"rig.knobs", "rig.errors"},
    "rig.facts": {"rig.capture"},
    "rig.journal": {"rig.errors", "rig.facts"},
    "rig.store": {"rig.errors", "rig.facts"},
    "rig.devices": FLOOR | {"calibration", "rig.child"},
    "rig.session": FLOOR | STORES | {"calibration", "rig"},
    "rig.signal": FLOOR | STORES | {"calibration", "rig"},
    "rig.reserve": {"rig.errors"},
    "rig.awake": set(),
    "rig.notify": set(),
    "rig.stopping": SESSION,
    "rig.wire": SESSION,
    "rig.proposals": SESSION | {"rig"},
    "rig.learner": SESSION | {"models", "rig.proposals", "rig"},
    "rig.work": WORK,
    "rig.mending": WORK,
    "rig.people": WORK,
    "rig.learning": WORK,
    "rig.daemon": WORK,
}
APPLICATION = {
    "rig.bench",
    "rig.contracts",
    "rig.supervisor",
    "rig.cli",
    "rig.monitor",
    "rig.service",
    "rig.preflight",
    "rig.__main__",
    "rig",
}


def modules() -> list[tuple[str, Path]]:
    found = []
    for top in ("rig", "models", "calibration"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append((name, path))
    return found


def room(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "rig" else parts[0]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "rig":
                names |= {f"rig.{alias.name}" for alias in node.names}
            else:
                names.add(node.module)
    return {name for name in names if name.split(".")[0] in ("rig", "models", "calibration")}


@pytest.mark.parametrize(("module", "path"), modules())
def test_imports_run_downwards(module: str, path: Path) -> None:
    here = room(module)
    if here in APPLICATION:
        return
    assert here in BELOW, f"{here} is a new room: say here what it may use"
    above = {room(name) for name in imported(path)} - BELOW[here] - {here}
    assert not above, f"{module} imports {sorted(above)}, which lies above it or beside it"


@pytest.mark.parametrize(("module", "path"), modules())
def test_viewers_touch_no_device_and_only_some_rooms_print(module: str, path: Path) -> None:
    if room(module) == "rig.monitor":
        assert not {name for name in imported(path) if room(name) in ("rig.devices", "rig.daemon")}
    if room(module) != "rig.cli":
        calls = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
        assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


@pytest.mark.parametrize(
    "code",
    [
        "import rig.daemon, rig.service",
        "import rig.devices.host",
        "import rig.monitor.run",
        "import rig.preflight",
        "import rig.devices.soundcard.interface, rig.devices.midi.amp",
        "import rig.cli, rig.session.status, rig.session.verify",
    ],
)
def test_no_torch_where_it_is_not_needed(code: str) -> None:
    unwanted = "{'torch', 'sounddevice'} & set(sys.modules)"
    check = f"import sys; {code}; sys.exit(bool({unwanted}))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0

"""The rooms: every file imports downwards only, there is no circle, and starts are light."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: The house, from the roof down: a room may use the floors below its own, and itself.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"rig.__main__"}),
    frozenset({"rig.cli"}),
    frozenset({"rig.selftest"}),
    frozenset({"rig.monitor", "rig.preflight", "rig.bench", "rig.contracts", "rig.report"})
    | frozenset({"rig.guide"}),
    frozenset({"rig.daemon", "rig.player"}),
    frozenset({"rig.elsewhere"}),
    frozenset({"rig.learner"}),
    frozenset({"rig.proposals", "rig.exchange"}),
    frozenset({"rig.session"}),
    frozenset({"rig.devices"}),
    frozenset({"rig.config"}),
    frozenset({"rig.faceplate"}),
    frozenset({"rig.knobs", "rig.capture", "rig.errors", "rig.clock", "rig.child", "rig.data"})
    | frozenset({"rig.dataset"})
    | frozenset({"rig.keep_awake", "rig.notify", "rig.ordinary", "rig.printable", "rig.waits"}),
    frozenset({"calibration", "models"}),
)
#: Neighbours on one floor that may use each other, one way.
DOORS = {
    ("rig.capture", "rig.knobs"),
    ("rig.data", "rig.errors"),
    ("rig.dataset", "rig.errors"),
    ("rig.dataset", "rig.ordinary"),
    ("rig.child", "rig.waits"),
    ("rig.notify", "rig.waits"),
    ("rig.keep_awake", "rig.waits"),
}
#: Rooms that an import may not reach although they lie below, and why.
CLOSED = {
    # What a strategy is told, it is told; a session would tie it to files.
    ("rig.proposals", "rig.session"),
    ("rig.proposals", "rig.devices"),
    # The monitor reads a folder and drops commands into it.
    ("rig.monitor", "rig.devices"),
    ("rig.monitor", "rig.daemon"),
    ("rig.monitor", "models"),
    # So does a report, and it starts nothing.
    ("rig.report", "rig.devices"),
    ("rig.report", "rig.daemon"),
    # What lasts is told apart from what plays.
    ("rig.session", "rig.devices"),
    ("rig.session", "models"),
    # Torch takes seconds to import; the daemon asks another process.
    ("rig.daemon", "models"),
    ("rig.devices", "models"),
    ("rig.config", "models"),
    # What goes out was recorded before.
    ("rig.exchange", "rig.devices"),
    # It is given what it plays, and knows no session.
    ("rig.player", "rig.session"),
}


def modules() -> dict[str, Path]:
    """Every file of the three packages by its dotted name; a package stands for its __init__."""
    found = {}
    for package in ("rig", "models", "calibration"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(path: Path) -> set[str]:
    """The files of ours that a file imports, anywhere in it."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in named}
    return found & set(MODULES)


def room(module: str) -> str:
    """The room that a file lies in."""
    if module.split(".")[0] != "rig":
        return module.split(".")[0]
    return ".".join(module.split(".")[:2])


def floor(module: str) -> int:
    """How deep a room lies: 0 is the roof."""
    return next(depth for depth, rooms in enumerate(FLOORS) if room(module) in rooms)


def is_allowed(importer: str, imported: str) -> bool:
    """Whether one file may use another."""
    ours, theirs = room(importer), room(imported)
    if ours == theirs or theirs == "rig":
        return True
    if (ours, theirs) in CLOSED:
        return False
    return floor(importer) < floor(imported) or (ours, theirs) in DOORS


ARROWS = sorted(
    (name, used) for name, path in MODULES.items() for used in imports(path) if used != name
)


def test_every_file_lies_in_a_room() -> None:
    loose = [name for name in MODULES if name != "rig" and not any(room(name) in f for f in FLOORS)]
    assert not loose, f"give these a room in FLOORS: {loose}"


def test_imports_run_downwards_only() -> None:
    wrong = [f"{a} -> {b}" for a, b in ARROWS if a != "rig" and not is_allowed(a, b)]
    assert not wrong, "\n".join(wrong)


def test_no_arrow_between_rooms_could_be_turned_round() -> None:
    """The rule itself is worth something: of every two rooms, only one may use the other."""
    between = {(room(a), room(b)) for a, b in ARROWS if room(a) != room(b) and "rig" not in (a, b)}
    for a, b in between:
        assert not is_allowed(f"{b}.x" if b.count(".") else b, f"{a}.x"), f"{b} -> {a}"


def test_there_is_no_circle() -> None:
    """Files, not rooms; an __init__ that re-exports its own room's files is no part of a circle."""
    graph = {name: set(imports(path)) - {name} for name, path in MODULES.items()}
    inits = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    files = {
        name: {used for used in uses if not (used in inits and name.startswith(f"{used}."))}
        for name, uses in graph.items()
    }
    try:
        TopologicalSorter(files).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_models_and_calibration_know_nobody() -> None:
    for name, path in MODULES.items():
        if room(name) in ("models", "calibration"):
            assert {room(used) for used in imports(path)} <= {room(name)}, name


def test_only_the_command_line_and_the_monitor_print() -> None:
    for name, path in MODULES.items():
        if room(name) in ("rig.cli", "rig.monitor", "rig.__main__"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            prints = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "print"
            )
            assert not prints, f"{name}:{getattr(node, 'lineno', 0)} prints"


@pytest.mark.parametrize(
    "code",
    [
        "import rig.daemon.loop, rig.daemon.service",
        "import rig.daemon.supervisor",
        "import rig.cli",
        "import rig.monitor.show",
        "import rig.preflight",
        "import rig.devices.worker",
        "import rig.player.worker",
        "import rig.report.make",
    ],
)
def test_what_must_start_at_once_imports_no_torch(code: str) -> None:
    script = f"{code}\nimport sys\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)

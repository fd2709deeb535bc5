"""The tree of errors at the top of `rig.errors` is the one that the code has."""

import ast
import re
from pathlib import Path

from rig import errors

ROOT = Path(__file__).parent.parent
#: A row of the tree: its branches, four signs to a step, then the name and the exit code.
ROW = re.compile(r"^([│├└─ ]*)(\w+) +(\d)  \S", re.MULTILINE)

#: Of each error, what it is one of, and its exit code.
Tree = dict[str, tuple[str | None, int]]


def drawn() -> Tree:
    """The tree as it stands there."""
    above: list[str] = []
    found: Tree = {}
    for branches, name, code in ROW.findall(errors.__doc__ or ""):
        above = [*above[: len(branches) // 4], name]
        found[name] = (above[-2] if above[1:] else None, int(code))
    return found


def exit_code(node: ast.ClassDef, inherited: int) -> int:
    """The exit code that a class gives itself, or the one that it inherits."""
    for line in node.body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "exit_code":
            return int(ast.literal_eval(line.value))
    return inherited


def written() -> Tree:
    """The same of all classes that are some `RigError`, whichever room they are in."""
    files = [path.read_text(encoding="utf-8") for path in (ROOT / "rig").rglob("*.py")]
    nodes = [node for text in files for node in ast.walk(ast.parse(text))]
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    found: Tree = {"RigError": (None, errors.RigError.exit_code)}
    # A step down the tree each time, until there is none left.
    while more := {
        node.name: (base, exit_code(node, found[base][1]))
        for node in classes
        for base in map(ast.unparse, node.bases)
        if base in found and node.name not in found
    }:
        found |= more
    return found


def test_every_error_stands_in_the_tree_where_it_belongs_with_its_exit_code() -> None:
    assert drawn() == written()

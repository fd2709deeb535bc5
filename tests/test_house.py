"""The house numbers: files and functions stay short, public names documented, comments present."""

import ast
import statistics
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("rig", "models", "calibration")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

#: A page can be read at once; nobody finds anything in a file of more than this many lines.
LONGEST_FILE, MEDIAN_FILE = 350, 100
#: Nine functions of ten fit half a screen.
FUNCTION_LINES, FUNCTION_SHARE = 20, 0.9
#: Three lines of a hundred say why: what forces a line is not to be found out again.
COMMENT_SHARE = 0.03
#: A first line of a docstring is a sentence: "Anything." is none.
LEAST_WORDS = 3
#: Fragments that are left, each to be taken out of here as it becomes a sentence.
FRAGMENTS = {
    "Record the reference setting: is the amp what it was?",
    "PortAudio's callback.",
    "For ``--json``.",
}

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Function = ast.FunctionDef | ast.AsyncFunctionDef


def named(path: Path, node: ast.AST) -> str:
    """Where a node stands, as an editor can jump to."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def definitions(path: Path) -> Iterator[tuple[Documented, bool]]:
    """Every module, class and function of a file, and whether its name is public."""

    def inside(node: ast.AST, public: bool) -> Iterator[tuple[Documented, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | Function):
                seen = public and not child.name.startswith("_")
                yield child, seen
                # What is defined in a function is nobody else's.
                yield from inside(child, seen and isinstance(child, ast.ClassDef))
            else:
                yield from inside(child, public)

    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield tree, True
    yield from inside(tree, True)


DEFINITIONS = [(path, node, public) for path in FILES for node, public in definitions(path)]
FUNCTIONS = [(path, node) for path, node, _ in DEFINITIONS if isinstance(node, Function)]


def lines(path: Path) -> int:
    """How many lines a file has."""
    return len(path.read_text(encoding="utf-8").splitlines())


def comments(path: Path) -> int:
    """How many comments a file has, beside instructions to tools and documented constants."""
    with tokenize.open(path) as stream:
        tokens = list(tokenize.generate_tokens(stream.readline))
    words = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return sum(not word.startswith(("#:", "# noqa", "# type:")) for word in words)


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = [f"{path.relative_to(ROOT)}: {lines(path)}" for path in FILES]
    assert not [name for name, path in zip(long, FILES, strict=True) if lines(path) > LONGEST_FILE]


def test_half_of_the_files_are_short() -> None:
    assert statistics.median(map(lines, FILES)) <= MEDIAN_FILE


def test_nine_functions_of_ten_fit_half_a_screen() -> None:
    sizes = [(node.end_lineno or 0) - node.lineno + 1 for _, node in FUNCTIONS]
    short = sum(size <= FUNCTION_LINES for size in sizes)
    assert short >= FUNCTION_SHARE * len(sizes), f"{short} of {len(sizes)}"


def test_public_names_are_documented() -> None:
    bare = [
        named(path, node)
        for path, node, public in DEFINITIONS
        if public and ast.get_docstring(node) is None
    ]
    assert not bare, "\n".join(bare)


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings_begin_with_a_sentence(package: str) -> None:
    wrong = []
    for path, node, _ in DEFINITIONS:
        text = ast.get_docstring(node)
        if text is None or path.relative_to(ROOT).parts[0] != package:
            continue
        first = text.split("\n")[0]
        if first in FRAGMENTS:
            continue
        starts = first[0].isupper() or first[0] in "`'\""
        if not starts or not first.endswith(".") or len(first.split()) < LEAST_WORDS:
            wrong.append(f"{named(path, node)} {first}")
    assert not wrong, "\n".join(wrong)


def test_comments_say_why_often_enough() -> None:
    share = sum(map(comments, FILES)) / sum(map(lines, FILES))
    assert share >= COMMENT_SHARE, f"{share:.2%}"


def test_no_file_is_called_utils() -> None:
    names = {path.stem for path in FILES} | {path.parent.name for path in FILES}
    assert not names & {"utils", "util", "helpers", "misc"}


def test_every_function_is_annotated() -> None:
    bare = []
    for path, node in FUNCTIONS:
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [star for star in (arguments.vararg, arguments.kwarg) if star is not None]
        missing = [a.arg for a in every if a.annotation is None and a.arg not in ("self", "cls")]
        if missing or node.returns is None:
            bare.append(f"{named(path, node)} {node.name}")
    assert not bare, "\n".join(bare)

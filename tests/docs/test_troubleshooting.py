"""The troubleshooting page knows every sentence that a check, a verdict or a stop can say."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "troubleshooting.md"
#: Whoever makes one of these puts a sentence before a person: which argument holds it.
SPEAKERS = {"Reason": 3, "Finish": 0, "_failed": 0, "Discrepancy": 0}
#: A sentence is known by a stretch of it that holds no figure, of at least so many characters.
LEAST = 10


def stretches(node: ast.expr) -> list[str]:
    """The parts of a sentence between its figures."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        parts = [part for part in node.values if isinstance(part, ast.Constant)]
        return [str(part.value) for part in parts]
    if isinstance(node, ast.BinOp):
        return [*stretches(node.left), *stretches(node.right)]
    return []


def argument(call: ast.Call, place: int) -> ast.expr | None:
    """The sentence's argument, by place or by name."""
    for keyword in call.keywords:
        if keyword.arg in ("sentence", "reason"):
            return keyword.value
    return call.args[place] if len(call.args) > place else None


def sentences() -> Iterator[tuple[str, str]]:
    """Where a sentence is said, and the longest stretch of it without a figure."""
    for package in ("calibration", "rig/daemon"):
        for path in sorted((ROOT / package).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                    continue
                if node.func.id not in SPEAKERS:
                    continue
                said = argument(node, SPEAKERS[node.func.id])
                parts = stretches(said) if said is not None else []
                longest = max((part.strip() for part in parts), key=len, default="")
                if len(longest) >= LEAST:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", longest


def plain(text: str) -> str:
    """Text without line breaks, case and marks, so that pages may fold and quote it."""
    return " ".join(text.lower().replace("**", "").replace("`", "").split())


SENTENCES = list(sentences())


def test_there_are_sentences() -> None:
    assert len(SENTENCES) > 25


@pytest.mark.parametrize(("where", "said"), SENTENCES, ids=[where for where, _ in SENTENCES])
def test_every_sentence_is_explained(where: str, said: str) -> None:
    page = plain(PAGE.read_text(encoding="utf-8"))
    words = plain(said).strip(" .,:;(")
    assert words in page, f"{where}: docs/troubleshooting.md does not know: {words!r}"

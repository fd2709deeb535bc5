"""The pages are true: their links lead somewhere, and what they tell one to type exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from rig.cli import app

ROOT = Path(__file__).parents[2]
#: Folders with pages that are not ours, or not written by hand.
FOREIGN = {"build", "dist", "sessions"}
SHELLS = {"sh", "bash", "bat", "console"}

PAGES = [
    page
    for page in sorted(ROOT.rglob("*.md"))
    if not any(
        part in FOREIGN or (part.startswith(".") and part != ".github")
        for part in page.relative_to(ROOT).parts
    )
]
#: What a reader copies out of these pages must run.
TYPED = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "docs/tutorial.md")]

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(<?([^)\s>]+)>?\)")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """A page without its code and comments, where brackets mean other things."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return re.sub(r"`[^`\n]*`|<!--.*?-->", "", text, flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = page if not path else page.parent / path
        assert there.exists(), f"{named(page)} links to {target}, which is not there"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{named(page)} links to {target}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    rooms = "rig|calibration|models|tests|tools|examples|benchmarks|docs"
    paths = re.findall(rf"`((?:{rooms})/[a-z][\w./-]*)`", page.read_text(encoding="utf-8"))
    assert not [path for path in paths if not (ROOT / path).exists()]


def shell_lines(text: str) -> Iterator[str]:
    """What a page tells a reader to type, a command at a time."""
    for language, block in FENCE.findall(text):
        if language in SHELLS:
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True, posix=language != "bat")
                yield from " ".join(words).split(";")


def rig_words(text: str) -> Iterator[list[str]]:
    """The words behind every call of ``rig``."""
    for line in shell_lines(text):
        words = line.split()
        if words and re.split(r"[/\\]", words[0])[-1] == "rig":
            yield words[1:]


def mistake(words: list[str]) -> str | None:
    """What the command line has not got; None where everything is there."""
    group: Any = typer.main.get_command(app)
    command = group.commands.get(words[0])
    if command is None:
        return f"there is no 'rig {words[0]}'"
    known = {option for given in command.params for option in (*given.opts, *given.secondary_opts)}
    for word in words[1:]:
        option = word.partition("=")[0]
        if option.startswith("-") and option not in {*known, "--help", "-h"}:
            return f"'rig {words[0]}' has no {option}"
    return None


@pytest.mark.parametrize("page", TYPED, ids=named)
def test_every_command_that_a_reader_types_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    calls = [words for words in rig_words(text) if words]
    assert calls
    mistakes = [found for words in calls if (found := mistake(words))]
    assert not mistakes


def test_a_command_or_a_flag_that_is_not_there_is_found() -> None:
    page = "```sh\nrig capture --untill 07:00\nrig statsu; rig check --json\n```\n"
    assert [mistake(words) for words in rig_words(page)] == [
        "'rig capture' has no --untill",
        "there is no 'rig statsu'",
        None,
    ]


def test_every_target_that_a_page_names_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        quoted = re.findall(r"`make ([^`]+)`", text)
        typed = [line.strip()[5:] for line in shell_lines(text) if line.strip().startswith("make ")]
        wanted = {word for words in (*quoted, *typed) for word in words.split()}
        assert wanted <= targets, f"{named(page)}: {sorted(wanted - targets)}"


def test_help_tells_of_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in re.findall(r"^[a-z][\w-]*:.*", makefile, re.MULTILINE):
        assert re.search(r" ## [A-Z].*\.$", line), f"'make help' would not tell of: {line}"


def test_every_decision_is_in_the_index_with_its_date_and_status() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    for page in sorted(folder.glob("[0-9]*.md")):
        title, _, dated, *_ = page.read_text(encoding="utf-8").splitlines()
        number, _, words = title.removeprefix("# ").partition(". ")
        found = re.match(r"Date: (\d{4}-\d\d-\d\d)\. Status: (accepted|superseded)", dated)
        assert found, f"{named(page)}: the third line has the date and the status"
        start = f"| {number} | [{words}]({page.name}) | {found[1]} | {found[2]}"
        assert any(line.startswith(start) for line in index), f"{named(page)} is not in the index"

"""The pages are true: their links lead somewhere, and what they tell one to type exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from rig.cli import app
from tests.test_imports import FLOORS

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

ROOMS = "rig|calibration|models|tests|tools|examples|benchmarks|docs"
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
    paths = re.findall(rf"`((?:{ROOMS})/[a-z][\w./-]*)`", page.read_text(encoding="utf-8"))
    assert not [path for path in paths if not (ROOT / path).exists()]


#: What is read to find one's way: here every file that is named is looked for.
MAPS = [ROOT / "CONTRIBUTING.md", ROOT / "docs/architecture.md"]
QUOTED = re.compile(r"`([^`\n]+)`")
#: How the names of files end that are ours.
FILE = re.compile(r"[\w./-]+\.(?:py|js|css|c|md|toml|json|yaml)")
FOLDER = re.compile(rf"(?:{ROOMS})/(?:[\w.-]+/)*")


def passages(page: Path) -> list[str]:
    """The paragraphs, list items and rows of a page: what is read in one go."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return re.split(r"\n\n|\n(?=\|| *(?:\d+\.|-) )", text)


def lost_files(passage: str) -> Iterator[str]:
    """Names that lead to no file; a bare one lies in the folder of the one before it."""
    folder = ROOT
    for name in QUOTED.findall(passage):
        if not FILE.fullmatch(name) and not FOLDER.fullmatch(name):
            continue
        found = next((at / name for at in (folder, ROOT) if (at / name).exists()), None)
        if found is None:
            yield name
        elif "/" in name:
            folder = found if found.is_dir() else found.parent


@pytest.mark.parametrize("page", MAPS, ids=named)
def test_every_file_that_a_map_names_is_there(page: Path) -> None:
    assert not [name for passage in passages(page) for name in lost_files(passage)]


def test_a_name_that_leads_nowhere_is_found() -> None:
    passage = "`rig/preflight/chain.py` (cables), `amp.py` (the amp) or `effects.py`; `make.py`"
    assert list(lost_files(passage)) == ["effects.py", "make.py"]


def lost_in_tree(tree: str) -> Iterator[str]:
    """Files that a drawing of the tree has in a room where they are not."""
    top = room = ROOT
    for line in tree.splitlines():
        indent, folder = len(line) - len(line.lstrip()), re.match(r" *(\w+)/ ", line)
        if indent == 0 and folder:
            top = room = ROOT / folder[1]
        elif indent == 2:
            room = top / folder[1] if folder else top
        for name in re.findall(r"[\w/]+\.(?:py|c)\b", line):
            # A file of another room is named with it.
            if not (room / name).exists() and not ("/" in name and (top / name).exists()):
                yield f"{room.name}/{name}"
        if not room.is_dir():
            yield room.name


def test_every_file_lies_where_the_architecture_draws_it() -> None:
    drawings = [block for _, block in FENCE.findall(MAPS[1].read_text(encoding="utf-8"))]
    assert not list(lost_in_tree(drawings[0]))
    modules = re.findall(r"\((?:rig\.)?(\w+)\.(\w+)\)", drawings[1])
    assert len(modules) > 5
    files = [f"{room}/{file}.py" for room, file in modules]
    assert not [file for file in files if not (ROOT / "rig" / file).exists()]


def test_a_file_that_is_drawn_in_another_room_is_found() -> None:
    tree = (
        "rig/  all\n  daemon/  what\n    loop.py  it\n  player/  client.py\n    afterwards.py  a\n"
    )
    assert list(lost_in_tree(tree)) == ["player/afterwards.py"]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_what_a_page_says_is_in_a_file_is_in_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name, file in re.findall(r"`(\w+)`\s+in\s+`([a-z]\w*/[\w/]+\.py)`", text):
        there = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"\b{name}\b", there), f"{named(page)}: no {name} in {file}"


def test_both_maps_have_every_room() -> None:
    rooms = {room.replace(".", "/") for floor in FLOORS for room in floor} - {"rig/__main__"}
    table = MAPS[0].read_text(encoding="utf-8").partition("| room |")[2].partition("\n\n")[0]
    first = [name for row in table.splitlines()[2:] for name in QUOTED.findall(row.split("|")[1])]
    assert sorted(re.sub(r"/$|\.py$", "", name) for name in first) == sorted(rooms)
    drawn = MAPS[1].read_text(encoding="utf-8").partition("Imports run downwards only: ")[2]
    floors = [frozenset(QUOTED.findall(floor)) for floor in drawn.partition(". ")[0].split("→")]
    assert floors == [{room.removeprefix("rig.") for room in floor} for floor in FLOORS[1:]]


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

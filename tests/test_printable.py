"""Text from elsewhere: one line, whatever is in it, on screens and in logs."""

import io
import logging

import pytest

from rig import config as configuration
from rig.cli import common
from rig.errors import ConfigError
from rig.printable import LogFormatter, count_of, is_printable, printable
from rig.session import facts
from tests.conftest import TINY


@pytest.mark.parametrize(
    "text", ["a\nb", "a\x1b[2J", "a\x9bb", "a\u2028b", "a\u202eb", "a\ud800b", "a\tb", "a\rb"]
)
def test_nothing_but_one_line_is_left(text: str) -> None:
    assert not is_printable(text)
    assert is_printable(printable(text))
    assert printable(printable(text)) == printable(text)
    fact = facts.LearnerFailed(round=1, why=text)
    assert is_printable(fact.why)


@pytest.mark.parametrize("text", ["Küche", "gain 6  tone 4.5", "日本", "MacBook\u00a0Pro", "👩‍🎤"])
def test_what_people_write_stays(text: str) -> None:
    assert printable(text) == text
    assert len(printable(text * 2_000)) <= 2_000


def test_no_log_line_can_pretend_to_be_another() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LogFormatter("%(asctime)s %(message)s"))
    log = logging.Logger("a log of its own")
    log.addHandler(handler)
    log.warning("switch %s", "on\n2026-01-01 finished\x1b[2J")
    try:
        int("one\ntwo\x1b[2J")
    except ValueError:
        log.exception("it broke")
    first, second, *traceback = stream.getvalue().splitlines()
    assert "2026-01-01 finished" in first
    assert "it broke" in second
    assert all(line.startswith("    ") for line in traceback)
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("name: tiny", 'name: "tiny\\n"', "name"),
        ("gain: {", '"ga\\nin": {', r"knobs\.ga\\nin"),
        (
            "tone: {range: [1, 12], step: 0.1, rest: 6}",
            'tone: {switch: ["a\\n", b]}',
            r"knobs\.tone\.switch\.0",
        ),
        ("preset: tweed", 'preset: "\\e[2J"', "amp.preset"),
    ],
)
def test_a_configuration_holds_no_control_characters(old: str, new: str, where: str) -> None:
    with pytest.raises(ConfigError, match=rf"{where}.*: holds a control character"):
        configuration.parse(TINY.replace(old, new))


def test_what_a_users_own_program_is_told_may_have_lines() -> None:
    config = configuration.parse(TINY + '\nnotify: {on_finish: [sh, -c, "a\\nb"]}\n')
    assert config.notify.on_finish[-1] == "a\nb"


def test_no_folder_s_name_turns_a_line_around(capsys: pytest.CaptureFixture[str]) -> None:
    # A file's name may hold anything but a slash: "wrote .../gpj.exe" read backwards, and orders.
    name = "amp\u202egpj\x1b[2J.exe"
    common.out.print(f"wrote {name}", markup=False)
    common.out.print(f"[b]two[/b]\nlines of {name}")
    said = capsys.readouterr().out
    assert said.splitlines() == [
        r"wrote amp\u202egpj\x1b[2J.exe",
        "two",
        r"lines of amp\u202egpj\x1b[2J.exe",
    ]


def test_a_count_agrees_with_its_noun() -> None:
    assert [count_of(n, "file") for n in range(3)] == ["0 files", "1 file", "2 files"]
    assert count_of(1, "file was", "files were") == "1 file was"
    assert count_of(2, "file was", "files were") == "2 files were"

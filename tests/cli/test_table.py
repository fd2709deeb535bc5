"""Every command with every mistake, in any encoding and width: one line and an exit code."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig import cli
from rig.cli.common import about
from rig.printable import PLAINLY

#: Commands about a session, and what stands behind the session's place.
ABOUT_A_SESSION = {
    **dict.fromkeys(("monitor", "status", "pause", "resume", "stop", "done", "redo", "skip"), ()),
    **dict.fromkeys(("verify", "train", "report", "play", "listen"), ()),
    "export": ("out.nam",),
    "render": ("dry.wav", "out.wav"),
}
NO_SESSION = ("nichts", "file.txt", "leer", "file.txt/below")
#: Commands that read a rig.yaml, with the place of its name.
OF_A_CONFIGURATION = {
    "capture": (),
    "check": (),
    "unit": (),
    "bench": ("folder", "--amp"),
}
NO_CONFIGURATION = ("nix.yaml", "broken.yaml", "binary.yaml", "folder.yaml", "wrong.yaml", "leer")
MISUSED = (
    ("capture", "--until", "25:00"),
    ("capture", "--captures", "0"),
    ("capture", "--detach", "--headless"),
    ("capture", "a", "b", "c"),
    ("bench",),
    ("export",),
    ("import", "nichts"),
    ("import", "file.txt", "x"),
    ("import", "leer", "x"),
    ("init", "--answers", "nichts"),
    ("init", "--answers", "leer"),
    ("init", "--answers", "wrong.yaml"),
    ("init", "--amp", "gränd"),
    ("init", "wrong.yaml"),
    ("init", "leer"),
    ("init", "file.txt/below", "--default"),
    ("nonsense",),
    ("--nonsense",),
)
QUIET = ("capture", "check", "export", "render", "report", "train")
COMMANDS = sorted(
    command.name or getattr(command.callback, "__name__", "")
    for command in cli.app.registered_commands
)


@dataclass
class Said:
    """What a command said, and its exit code."""

    code: object
    out: str
    err: str


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with things in it that are not what they are taken for."""
    (tmp_path / "file.txt").write_text("x", encoding="utf-8")
    (tmp_path / "dry.wav").write_text("no sound", encoding="utf-8")
    (tmp_path / "leer").mkdir()
    (tmp_path / "broken.yaml").write_text("knobs: [\n", encoding="utf-8")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder.yaml").mkdir()
    wrong = "knobs: {gäin: {range: [3, 1]}}\nplän: 3\n"
    (tmp_path / "wrong.yaml").write_text(wrong, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call rig as its script does, with streams of an encoding and of a width."""

    def called(*words: str, encoding: str = "utf-8", columns: int = 80) -> Said:
        streams = {
            name: io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
            for name in ("stdout", "stderr")
        }
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "argv", ["rig", *words])
        monkeypatch.setattr(about, "session", None)
        with monkeypatch.context() as patch:
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            with pytest.raises(SystemExit) as ended:
                cli.main()
        texts = []
        for stream in streams.values():
            stream.flush()
            assert isinstance(stream.buffer, io.BytesIO)
            texts.append(stream.buffer.getvalue().decode(encoding))
        return Said(ended.value.code, *texts)

    return called


def check_refusal(said: Said, words: tuple[str, ...]) -> None:
    assert said.code in (1, 2), (words, said)
    assert not said.out.strip(), (words, said.out)
    first, *more = said.err.splitlines()
    assert first.startswith("rig: "), (words, said.err)
    # Of a configuration every mistake has a line of its own, below the one that counts them.
    assert not more or "mistakes" in first, (words, said.err)
    assert "Traceback" not in said.err
    assert "did not expect" not in said.err
    assert all(line == line.rstrip() for line in said.err.splitlines()), (words, said.err)


def test_every_command_is_in_the_table() -> None:
    alone = {"init", "devices", "selftest", "import"}
    assert {*ABOUT_A_SESSION, *OF_A_CONFIGURATION, *alone} == {*COMMANDS}


@pytest.mark.parametrize(
    ("encoding", "columns"), [("utf-8", 80), ("ascii", 20), ("latin-1", 40), ("cp437", 20)]
)
def test_a_mistake_is_one_line_and_an_exit_code(
    place: Path, run: Run, encoding: str, columns: int
) -> None:
    table = [
        *((name, wrong, *more) for name, more in ABOUT_A_SESSION.items() for wrong in NO_SESSION),
        *((n, *m, wrong) for n, m in OF_A_CONFIGURATION.items() for wrong in NO_CONFIGURATION),
        *((name, "--wröng") for name in COMMANDS),
        # What is quiet about its work is not quiet about a mistake.
        *(
            (name, wrong, "--quiet", *ABOUT_A_SESSION.get(name, ()))
            for name in QUIET
            for wrong in ("nichts", "file.txt")
        ),
        *MISUSED,
    ]
    for words in table:
        check_refusal(run(*words, encoding=encoding, columns=columns), words)
    assert {path.name for path in place.iterdir()} >= {"leer", "file.txt"}
    assert not list((place / "leer").iterdir())


@pytest.mark.parametrize("name", NO_CONFIGURATION)
def test_a_wrong_configuration_is_a_matter_of_usage(place: Path, run: Run, name: str) -> None:
    for command in ("capture", "check", "unit"):
        said = run(command, name)
        assert said.code == 2
        assert name in said.err


@pytest.mark.parametrize("command", ["", *COMMANDS])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_help_is_had_anywhere(place: Path, run: Run, command: str, encoding: str) -> None:
    said = run(*command.split(), "--help", encoding=encoding, columns=40)
    assert said.code == 0
    assert "Usage: rig" in said.out
    assert not said.err


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_what_is_piped_is_neither_folded_nor_padded(
    finished: Path, run: Run, encoding: str
) -> None:
    said = run("status", str(finished), encoding=encoding, columns=20)
    assert said.code in (None, 0)
    lines = said.out.splitlines()
    assert all(line == line.rstrip() for line in lines)
    # An umlaut is stood for where the encoding has none.
    path = str(finished / "model" / "reference.nam").encode(encoding, PLAINLY).decode(encoding)
    assert any(line.endswith(path) for line in lines)

"""``rig init`` as it is called: what it writes, refuses, keeps, and what a terminal sees."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig import cli, data
from rig import config as configuration
from rig.config import HandAmpConfig, MidiAmpConfig

#: No audio server is started for a list of devices.
ENVIRONMENT = {**os.environ, "JACK_NO_START_SERVER": "1"}
HAND = "{amp.kind: hand, name: mine, interface.host_api: ALSA, interface.input: Card, knobs: gain}"


@dataclass
class Said:
    """What a command said, and its exit code; None is 0."""

    code: object
    stdout: str
    stderr: str


Call = Callable[..., Said]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a blank and an umlaut in its name, in which rig is called."""
    folder = tmp_path / "mein verstärker"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call rig in this process, as its script does; what it said, and its exit code."""

    def called(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["rig", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Said(ended.value.code, *capsys.readouterr())

    return called


def answers(place: Path, text: str) -> Path:
    path = place / "answers.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_where_nobody_sits_nothing_is_asked(place: Path) -> None:
    """What was piped in used to be dropped, and the virtual amp's file written without a word."""
    command = [sys.executable, "-m", "rig", "init"]
    done = subprocess.run(command, input=b"hand\n", capture_output=True, check=False)
    assert done.returncode == 2
    assert b"'rig init --answers FILE' takes the answers, 'rig init --default' is" in done.stderr
    assert not list(place.iterdir())
    done = subprocess.run([*command, "--default"], input=b"", capture_output=True, check=False)
    assert done.returncode == 0
    assert (place / "rig.yaml").read_text(encoding="utf-8") == data.default_config()
    assert (place / "rig.schema.json").is_file()
    assert not list(place.glob("*.draft"))


def test_what_is_there_is_not_written_over_unless_asked(place: Path, rig: Call) -> None:
    (place / "rig.yaml").write_text("knobs: {gain: {}}\n", encoding="utf-8")
    asks = "nobody can be asked here, without a terminal: 'rig init --answers FILE'"
    there = "rig.yaml: is there already; 'rig init' changes it, and --force begins anew"
    says = {(): f"{asks} takes the answers", ("--default",): there}
    for options, sentence in says.items():
        done = rig("init", *options)
        assert done.code == 2
        assert done.stderr == f"rig: {sentence}\n"
    assert rig("init", "--default", "--force").code in (None, 0)
    assert (place / "rig.yaml").read_text(encoding="utf-8") == data.default_config()


def test_answers_from_a_file_say_last_what_to_type(place: Path, rig: Call) -> None:
    done = rig("init", "my rig.yaml", "--answers", answers(place, HAND))
    assert done.code in (None, 0)
    assert done.stdout.splitlines()[-1] == (
        "my rig.yaml and rig.schema.json are written; next: 'rig capture --rehearse "
        "'my rig.yaml'' to see a short night without the amp, 'rig check 'my rig.yaml'', then "
        "'rig capture 'my rig.yaml''"
    )
    assert isinstance(configuration.load(place / "my rig.yaml").amp, HandAmpConfig)


def test_answers_change_a_file_that_is_there(place: Path, rig: Call) -> None:
    assert rig("init", "--answers", answers(place, HAND)).code in (None, 0)
    before = (place / "rig.yaml").read_text(encoding="utf-8")
    (place / "rig.yaml").write_text(before + "# mine\n", encoding="utf-8")
    assert rig("init", "--answers", answers(place, "plan.captures: 40")).code in (None, 0)
    after = (place / "rig.yaml").read_text(encoding="utf-8")
    assert configuration.parse(after).plan.captures == 40
    assert after.endswith("# mine\n")
    assert "name: mine" in after


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--answers", "nix.yaml"], "nix.yaml: there is no such file of answers"),
        (["--answers", "answers.yaml", "--default"], "leave out --answers"),
        (["--answers", "answers.yaml"], "answers.yaml: amp.kind: one of these"),
        (["--amp", "pod"], "--amp: 'pod' could be any of these"),
        (["--amp", "mesa"], "no knob map is called like 'mesa'"),
        (["--amp", "tonex"], "the rest has to be asked for at a terminal, or by --answers FILE"),
        (["broken.yaml"], "broken.yaml: 1 mistake: mend it, or begin anew with --force"),
        (["folder"], "folder: is a folder; give the name of a file"),
        (["file.txt/rig.yaml", "--default"], "cannot be written"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    place: Path, rig: Call, arguments: list[str], says: str
) -> None:
    answers(place, "amp.kind: steam")
    (place / "broken.yaml").write_text("knobs: {gain: {cc: 200}}\n", encoding="utf-8")
    (place / "folder").mkdir()
    (place / "file.txt").write_text("x", encoding="utf-8")
    done = rig("init", *arguments)
    assert done.code == 2, done
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place / "rig.yaml").exists()


def test_an_amp_by_its_name_and_the_rest_from_a_file(place: Path, rig: Call) -> None:
    path = answers(place, "{interface: {host_api: ASIO, input: Card}, amp.port: CODE}")
    assert rig("init", "--amp", "code", "--answers", path).code in (None, 0)
    config = configuration.load(place / "rig.yaml")
    assert isinstance(config.amp, MidiAmpConfig)
    assert config.knobs["gain"].send == (0, 100)


def test_devices_are_listed_or_their_absence_is(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rig", "devices"]
    done = subprocess.run(
        command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert done.stdout or done.stderr


class Window:
    """``rig`` in a terminal of its own: what it shows, and what is typed into it."""

    def __init__(self, columns: int, **environment: str) -> None:
        import fcntl
        import pty
        import struct
        import termios

        def at_a_keyboard() -> None:
            """Own the terminal, and hear Ctrl-C even where whoever runs the tests does not."""
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGINT, signal.default_int_handler)

        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rig", "init"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=at_a_keyboard,
            env={**ENVIRONMENT, **environment, "COLUMNS": str(columns)},
        )
        os.close(slave)
        self.shown = ""

    def until(self, words: str, seconds: float = 30.0) -> None:
        """Wait until some words are shown behind what was waited for before."""
        import select

        deadline, start = time.monotonic() + seconds, len(self.shown)
        while words not in self.shown[start:]:
            assert time.monotonic() < deadline, self.shown
            if select.select([self._master], [], [], 0.2)[0]:
                try:
                    read = os.read(self._master, 4096)
                except OSError:
                    read = b""
                assert read, self.shown
                self.shown += read.decode(errors="replace")

    def type(self, *lines: str) -> None:
        """Type a line at each prompt; an empty one is Enter."""
        for line in lines:
            self.until("> ")
            os.write(self._master, f"{line}\n".encode())

    def end(self, *, enters: bool = False, seconds: float = 60.0) -> int:
        """Read to the end, with Enter at each prompt if asked to; return the exit code."""
        import select

        answered, deadline = self.shown.count("> "), time.monotonic() + seconds
        while True:
            assert time.monotonic() < deadline, self.shown
            if not select.select([self._master], [], [], 0.2)[0]:
                continue
            try:
                read = os.read(self._master, 4096)
            except OSError:
                read = b""
            if not read:
                return self.process.wait(30)
            self.shown += read.decode(errors="replace")
            while enters and answered < self.shown.count("> "):
                answered += 1
                os.write(self._master, b"\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals like these")
@pytest.mark.parametrize(
    ("columns", "environment"),
    [(80, {"TERM": "xterm"}), (40, {"TERM": "dumb", "PYTHONIOENCODING": "ascii"})],
)
def test_a_terminal_sees_questions_and_a_broken_off_guide_goes_on(
    place: Path, columns: int, environment: dict[str, str]
) -> None:
    window = Window(columns, **environment)
    window.type("hand", "Fender", "Deluxe", "", "")
    window.until("> ")
    os.write(window._master, b"\x03")
    assert window.end() == 130
    said = re.sub(r"\s+", " ", window.shown)
    assert "Your answers are kept in rig.yaml.draft; 'rig init' goes on." in said
    assert "Traceback" not in window.shown
    assert not (place / "rig.yaml").exists()
    window = Window(columns, **environment)
    window.type("", "", "ALSA", "Card", *[""] * 6)
    window.type("gain", "0-10, rest 1")
    assert window.end(enters=True) == 0, window.shown
    said = re.sub(r"\s+", " ", window.shown)
    assert (
        "rig.yaml and rig.schema.json are written; next: 'rig capture --rehearse' to see a" in said
    )
    assert "'rig check', then" in said
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", window.shown).splitlines()
    # The prompt's own line may be longer; whatever else is shown is folded at words.
    assert all(len(line.rstrip()) <= columns for line in lines if "> " not in line), lines
    config = configuration.load(place / "rig.yaml")
    assert (config.name, config.knobs["gain"].rest) == ("fender-deluxe", 1)
    assert not (place / "rig.yaml.draft").exists()
    shutil.rmtree(place)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals like these")
def test_ctrl_c_behind_the_last_answer_breaks_nothing_off(place: Path) -> None:
    """The file is written by then: whoever leaves there only wants no check."""
    window = Window(80, TERM="xterm")
    window.type("virtual")
    window.until("> ")
    # Each prompt is read before it is answered: Enter at the last one would end the guide.
    while "Check now" not in window.shown:
        os.write(window._master, b"\n")
        window.until("> ")
    os.write(window._master, b"\x03")
    assert window.end() == 0
    assert "are written; next: " in re.sub(r"\s+", " ", window.shown)
    assert (place / "rig.yaml").exists()

"""Ctrl-C in the first instants of a command, while it is still being loaded."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

#: Presses Ctrl-C at the moment at which a module begins to load; a test's own parent may have it
#: ignored, as shells do for what runs in the background.
HOOK = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["PRESSED_AT"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no Ctrl-C for a single process")
@pytest.mark.parametrize("entry", ["-m rig", "-c from rig.__main__ import main; main()"])
@pytest.mark.parametrize(
    "module", ["rig.cli", "typer", "rich.console", "rig.cli.unit", "rig.session.layout", "pydantic"]
)
def test_it_is_broken_off_without_a_traceback(entry: str, module: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    ours = str(Path(__file__).parents[2])
    path = os.pathsep.join([str(tmp_path), ours])
    option, _, words = entry.partition(" ")
    done = subprocess.run(
        [sys.executable, option, words, "status", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": path, "PRESSED_AT": module},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "rig: broken off\n"
    assert done.returncode == 130
    assert done.stdout == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no Ctrl-C for a single process")
def test_whoever_has_it_ignored_is_not_broken_off() -> None:
    """As a shell starts what is to run in the background."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rig", "--version"],
        stdout=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    assert process.returncode == 0


#: Ctrl-C while compiled code calls back, as pydantic does: Python prints such an error, no more.
LOST = """
import signal, sys, time, weakref
signal.signal(signal.SIGINT, signal.default_int_handler)
import rig.__main__
import rig.cli

class Thing:
    pass

def run():
    thing = Thing()
    # A weak reference's callback, whose errors nobody can be given.
    reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
    del thing
    time.sleep(600)
    sys.stdout.write("went on")

rig.cli.main = run
rig.__main__.main()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no Ctrl-C for a single process")
def test_ctrl_c_in_a_callback_is_not_lost() -> None:
    ours = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", LOST],
        env={**os.environ, "PYTHONPATH": ours},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "rig: broken off\n", 130)

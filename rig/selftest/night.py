"""A whole small night: in the background, with every process that a real one has."""

import json
import subprocess
import time
from pathlib import Path

from rig import config as configuration
from rig import data
from rig.child import own_module
from rig.config.rehearsal import rehearsal

#: A minute is plenty, and a slow machine may need a few.
ENDS_S, LOOK_S = 300.0, 0.5


def captures(folder: Path) -> str:
    """Capture the built-in amp in the background, until the final model and its report are made."""
    path, session = folder / "rig.yaml", folder / "eine Nacht"
    text = rehearsal(configuration.parse(data.default_config()), folder)
    path.write_text(text, encoding="utf-8")
    began = time.monotonic()
    _rig("capture", str(path), "--session", str(session), "--detach")
    while (status := json.loads(_rig("status", str(session), "--json")))["state"] in _BUSY:
        if time.monotonic() - began > ENDS_S:
            _rig("stop", str(session), "--now")
            raise TimeoutError(f"{status['state']} after {ENDS_S:g} s")
        time.sleep(LOOK_S)
    if status["state"] != "finished":
        raise RuntimeError(f"{status['state']}: {status['finish_reason']}")
    _rig("verify", str(session))
    died = ", ".join(status["deaths"]) or "nobody"
    return f"finished in {time.monotonic() - began:.0f} s, {died} died, verified"


_BUSY = ("starting", "running", "stopping", "paused")


def _rig(*words: str) -> str:
    command = own_module("rig", *words)
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise RuntimeError(f"rig {words[0]}: exit code {done.returncode}: {said[-1:]}")
    return done.stdout

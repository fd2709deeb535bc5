"""The ``rig unit`` command prints what a service manager needs to see a session through."""

import re
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from xml.sax.saxutils import escape

import typer

from rig.child import own_module
from rig.cli.capture import refuse_hands
from rig.errors import UsageError

CONFIG = Path("rig.yaml")


class Manager(StrEnum):
    """A program that manages services."""

    SYSTEMD = "systemd"
    LAUNCHD = "launchd"


def unit(
    config: Annotated[Path, typer.Argument(help="The configuration.")] = CONFIG,
    manager: Annotated[
        Manager | None, typer.Option("--for", help="Which one; this system's if left out.")
    ] = None,
) -> None:
    """Print a systemd user unit, or a launchd agent, that captures with a configuration.

    systemd:  rig unit > ~/.config/systemd/user/rig.service; systemctl --user start rig

    launchd:  rig unit > ~/Library/LaunchAgents/rig.plist; launchctl load that file
    """
    from rig import config as configuration

    if manager is None:
        manager = Manager.LAUNCHD if sys.platform == "darwin" else Manager.SYSTEMD
    if sys.platform == "win32":
        raise UsageError("Windows has neither systemd nor launchd: use 'rig capture --detach'")
    refuse_hands(loaded := configuration.load(config))
    typer.echo(text(manager, config.resolve(), loaded.name), nl=False)


def text(manager: Manager, config: Path, name: str) -> str:
    """Return the file for a service manager."""
    from rig import data

    # By this very Python: a service manager does not look where a shell does.
    words = own_module("rig", "capture", str(config), "--headless")
    folder = config.parent
    if manager is Manager.SYSTEMD:
        command = " ".join(_systemd_word(word) for word in words)
        # WorkingDirectory takes its value as it is, spaces included; only % is special.
        known = {"name": name, "folder": str(folder).replace("%", "%%"), "command": command}
        return data.unit("rig.service").format(**known)
    rows = "\n".join(f"    <string>{escape(word)}</string>" for word in words)
    label = re.sub(r"[^A-Za-z0-9.-]+", "-", name)
    log = escape(str(folder / "rig.log"))
    known = {"name": label, "folder": escape(str(folder)), "command": rows, "log": log}
    return data.unit("rig.plist").format(**known)


def _systemd_word(word: str) -> str:
    # To systemd % begins a specifier and $ a variable, within quotes as well.
    return shlex.quote(word).replace("%", "%%").replace("$", "$$")

"""What ``play`` and ``listen`` share: which interface, and what happens until somebody leaves."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rig.cli.common import err, out
from rig.errors import UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rig.config import Config
    from rig.monitor.keys import Keys
    from rig.player.client import Player
    from rig.session.folder import Session

Input = Annotated[
    str | None, typer.Option("--input", help="The recording device; the session's if left out.")
]
Output = Annotated[
    str | None, typer.Option("--output", help="The playing device; the session's if left out.")
]
HostApi = Annotated[str | None, typer.Option(help="Such as CoreAudio, ASIO, WASAPI, ALSA or JACK.")]
Block = Annotated[
    int, typer.Option(min=0, max=4096, help="Frames per block; 0 leaves it to the device.")
]
Slack = Annotated[
    int,
    typer.Option(min=1, max=16, help="Blocks by which it plays later, so that none is missed."),
]
Outputs = Annotated[
    int, typer.Option(min=1, max=64, help="How many outputs carry what is heard, from the first.")
]
Seconds = Annotated[
    float | None, typer.Option("--seconds", min=0.1, help="Stop by itself after so long.")
]
Devices = tuple[str | None, str | None, str | None]
LEAVE = "q"


def _named(session: "Session", devices: Devices, command: str) -> dict[str, str]:
    """Return the devices that were typed, or the session's own.

    Raises:
        UsageError: The session has no sound card, and none was named.
    """
    own = session.config.interface
    typed = dict(zip(("input", "output", "host_api"), devices, strict=True))
    named = {key: value or getattr(own, key, None) for key, value in typed.items()}
    if missing := [key.replace("_", "-") for key, value in named.items() if value is None]:
        raise UsageError(
            f"--{missing[0]}: the session was recorded on no sound card: name one to play through "
            f"by --input, --output and --host-api, such as 'rig {command} {session.folder} --input "
            "NAME --output NAME --host-api API'; 'rig devices' lists them. 'rig report "
            f"{session.folder}' makes a page in which any browser plays it"
        )
    return {key: str(value) for key, value in named.items()}


def playing_config(
    session: "Session", devices: Devices, channel: int, block: int, command: str
) -> "Config":
    """Return the session's configuration with the interface that is played through.

    Args:
        session: What is played.
        devices: Input, output and host API as typed, None for those of the session.
        channel: The input that is listened to, counted from 1.
        block: Frames per block.
        command: What is carried out, ``play`` or ``listen``: named in what is advised.
    """
    from rig.config import HandAmpConfig, SoundCardConfig

    named = _named(session, devices, command)
    assert session.state.created is not None
    interface = SoundCardConfig(
        driver="soundcard",
        sample_rate=session.state.created.sample_rate,
        block_frames=_block_frames(block, named["host_api"]),
        return_channel=channel,
        # To play beside other programs is what everybody expects here.
        exclusive=bool(getattr(session.config.interface, "exclusive", False)),
        **named,
    )
    # Nothing of the amp is touched: its port may be another program's meanwhile.
    changes = {"interface": interface, "amp": HandAmpConfig(driver="hand")}
    return session.config.model_copy(update=changes)


def _block_frames(block: int, host_api: str) -> int:
    # JACK's blocks are the server's. Any other size is put together from them, and comes later.
    return 0 if "jack" in host_api.lower() else block


# Not into the session: it may be a stranger's, or on a disk that nobody may write to.
def player_log() -> Path:
    """Return where the player's process complains: in a folder that only this user writes to."""
    from rig.devices.lock import folder

    return folder() / "player.log"


# The player reports ten times a second, and each report is a picture: there is no other clock.
def perform(
    player: "Player",
    picture: Callable[[Any], "RenderableType"],
    press: Callable[[str], None],
    seconds: float | None,
) -> Any:
    """Show a performance and pass keys on until somebody leaves; return the last report.

    Args:
        player: It plays already.
        picture: Draws a report.
        press: Told each key but the one that leaves.
        seconds: Leave by itself after so long.
    """
    from rich.live import Live

    from rig.monitor.keys import keyboard

    began = time.monotonic()
    with (
        keyboard() as keys,
        Live(console=out, screen=out.is_terminal, auto_refresh=False) as live,
    ):
        try:
            while seconds is None or time.monotonic() - began < seconds:
                report = player.hear()
                if out.is_terminal:
                    live.update(picture(report), refresh=True)
                if not _pressed(keys, press):
                    break
        except KeyboardInterrupt:
            err.print("stopping")
    return player.last


def _pressed(keys: "Keys", press: Callable[[str], None]) -> bool:
    """Pass on what was pressed; return whether to go on."""
    # The player reports as often as pictures are drawn: to wait here as well would fall behind.
    while (key := keys(0.0)) is not None:
        if key == LEAVE:
            return False
        press(key)
    return True

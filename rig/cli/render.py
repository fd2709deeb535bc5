"""The ``rig render`` command: dry guitar through the model, its knobs still or turning."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import numpy as np
import typer

from rig.cli.asking import At, SessionFolder, model_of, setting_of, view
from rig.cli.common import out, refuse_missing
from rig.cli.quiet import Quiet
from rig.cli.writing import Force, Tell, new_folder, progress, put, refuse_existing
from rig.errors import RigError, UsageError
from rig.printable import pasteable

if TYPE_CHECKING:
    from rig.exchange.audio import Audio, Channel
    from rig.knobs import Setting
    from rig.session.folder import Session


def render(
    session: SessionFolder,
    source: Annotated[Path, typer.Argument(metavar="IN.wav", help="Dry guitar, WAV or FLAC.")],
    target: Annotated[
        Path, typer.Argument(metavar="OUT.wav", help="Where to write it: WAV, or FLAC.")
    ],
    at: At = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", metavar="KNOB=VALUE", help="Turn the knobs to this setting by the end."
        ),
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option("--channel", metavar="SIDE", help="Of stereo: left, right or mix."),
    ] = None,
    force: Force = False,
    _quiet: Quiet = False,
) -> None:
    """Play dry guitar through the model at one setting, or while its knobs turn."""
    from rig.exchange.audio import audio_bytes, read_guitar, refuse_format

    refuse_missing(source, "recording")
    if source.resolve() == target.resolve():
        raise UsageError(f"{target}: the dry guitar would be overwritten")
    refuse_format(target)
    refuse_existing(target, force)
    rate, dry = read_guitar(source, _side(channel))
    opened = view(session)
    try:
        first = setting_of(opened, at)
        last = _turned(opened, first, to) if to else None
        with progress(f"playing {source.name}") as tell:
            wet = _play(opened, model_of(opened), (rate, dry), first, last, tell)
        made = new_folder(target)
        put(opened, target, audio_bytes(target, wet, rate))
        out.print(f"wrote {target}{made}: {_told(opened, first, last)}, {len(wet) / rate:.1f} s")
    finally:
        opened.close()


def _side(channel: str | None) -> "Channel | None":
    from rig.exchange.audio import Channel

    for side in get_args(Channel):
        if channel == side:
            return side  # type: ignore[no-any-return]
    if channel is not None:
        raise UsageError(f"--channel {channel}: there are left, right and mix")
    return None


def _turned(session: "Session", first: "Setting", to: list[str]) -> "Setting":
    """Return where the knobs are turned to: those that are not named stay where they stand."""
    panel = session.config.panel
    still = [f"{knob}={value!r}" for knob, value in panel.named(first).items()]
    named = {word.partition("=")[0].strip() for text in to for word in text.split(",")}
    return setting_of(
        session, [*(s for s in still if s.partition("=")[0] not in named), *to], "--to"
    )


def _told(session: "Session", first: "Setting", last: "Setting | None") -> str:
    panel = session.config.panel
    return panel.describe(first) + (f" to {panel.describe(last)}" if last is not None else "")


def _play(
    session: "Session",
    model: Any,
    dry: "tuple[int, Audio]",
    first: "Setting",
    last: "Setting | None",
    tell: Tell,
) -> "Audio":
    """Play at the model's own rate, and return what comes out at that of the recording."""
    import torch

    from models.networks.spec import play
    from models.networks.turning import play_turning
    from rig.exchange.audio import at_rate

    assert session.state.created is not None
    rate, wanted = dry[0], session.state.created.sample_rate
    panel, audio = session.config.panel, at_rate(dry[1], rate, wanted)
    frames = torch.from_numpy(audio).to(torch.float32)
    start = torch.from_numpy(panel.point(first)).to(torch.float32)
    if last is None:
        played = play(model, frames, start, tell)[0]
    else:
        end = torch.from_numpy(panel.point(last)).to(torch.float32)
        played = play_turning(model, frames, start, end, tell)[0]
    if not torch.isfinite(played).all():
        advice = pasteable("'rig train' makes it anew", session.folder)
        raise RigError(f"{session.folder}: the model does not give finite audio; {advice}")
    wet = at_rate(played.numpy().astype(np.float64), wanted, rate)
    # The way there and back may differ by a frame: as long as what came in.
    return np.pad(wet, (0, max(len(dry[1]) - len(wet), 0)))[: len(dry[1])]

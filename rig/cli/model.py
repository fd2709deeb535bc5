"""The ``rig train``, ``rig export`` and ``rig render`` commands, for a session's model."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rig.cli.common import find_session, out, refuse_missing
from rig.errors import LearnerError, RigError, SessionError, UsageError

if TYPE_CHECKING:
    from rig.knobs import Setting
    from rig.session.folder import Session

SessionFolder = Annotated[Path, typer.Argument(help="The session's folder.")]
At = Annotated[
    str, typer.Option("--at", help="The setting: gain=6,bass=4.5; what is not named rests.")
]


def train(session: SessionFolder) -> None:
    """Train the final model anew on everything that is kept."""
    from rich.progress import Progress

    from rig.session.folder import Session

    opened = Session.open(find_session(session))
    try:
        with Progress(console=out) as progress:
            bar = progress.add_task("loading", total=None)
            trained = _train(
                opened,
                lambda at: progress.update(
                    bar, description=f"{at.stage}", completed=at.done, total=at.total
                ),
            )
        opened.record(trained)
        out.print(f"holdout ESR {trained.holdout_esr}; the model is {session / trained.model.path}")
    finally:
        opened.close()


def _train(session: "Session", tell: Any) -> Any:
    from models.training.loop import Diverged
    from rig.learner.final import train_final

    try:
        return train_final(session, tell)
    except Diverged as error:
        raise LearnerError(f"training broke down: {error}") from None


def _setting(session: "Session", at: str, option: str = "--at") -> "Setting":
    try:
        return session.config.panel.parse(at)
    except ValueError as error:
        raise UsageError(f"{option} {at}: {error}") from None


def _model(session: "Session") -> Any:
    """Load the final model, without running any code that a stranger may have put there."""
    from models.networks.spec import BadModel, load_model

    trained = session.state.learning.model
    if trained is None:
        raise SessionError(
            f"{session.folder}: has no final model yet; 'rig train {session.folder}' makes it"
        )
    try:
        model, spec = load_model(session.stored(trained.model))
    except BadModel as error:
        raise SessionError(str(error)) from None
    if spec.positions != session.config.panel.switch_positions:
        raise SessionError(f"{session.folder}: its model was made for other knobs")
    return model


def export(
    session: SessionFolder,
    file: Annotated[Path, typer.Argument(metavar="OUT.nam", help="Where to write it.")],
    at: At = "",
) -> None:
    """Export the model at one setting as a standard .nam file."""
    if file.suffix != ".nam":
        raise UsageError(f"{file}: players look for a name that ends in .nam")
    opened = _view(session)
    try:
        setting = _setting(opened, at)
        model = _model(opened)
        from rig.exchange.nam import nam_document

        _put(opened, file, json.dumps(nam_document(opened, model, setting)).encode())
        out.print(f"{file}: {opened.config.panel.describe(setting)}")
    finally:
        opened.close()


def render(
    session: SessionFolder,
    source: Annotated[Path, typer.Argument(metavar="IN.wav", help="Dry guitar.")],
    target: Annotated[Path, typer.Argument(metavar="OUT.wav", help="Where to write it.")],
    at: At = "",
    to: Annotated[
        str, typer.Option("--to", help="Turn the knobs to this setting by the end.")
    ] = "",
) -> None:
    """Play dry guitar through the model at one setting, or while its knobs turn."""
    refuse_missing(source, "recording")
    if source.resolve() == target.resolve():
        raise UsageError(f"{target}: the dry guitar would be overwritten")
    opened = _view(session)
    try:
        setting = _setting(opened, at)
        turned = _setting(opened, to, "--to") if to else None
        _render(opened, _model(opened), source, target, setting, turned)
        out.print(f"{target}: {opened.config.panel.describe(setting)}")
    finally:
        opened.close()


def _put(session: "Session", target: Path, content: bytes) -> None:
    """Write what a user asked for; within the session's folder no link is followed."""
    from rig.session import store

    root, absolute = session.folder.absolute(), target.absolute()
    if ".." not in absolute.parts and absolute.is_relative_to(root):
        session.door.put(absolute.relative_to(root).as_posix(), content)
    else:
        store.put(target, content)


def _view(session: Path) -> "Session":
    from rig.session.folder import Session

    return Session.view(find_session(session))


def _render(
    session: "Session",
    model: Any,
    source: Path,
    target: Path,
    setting: "Setting",
    turned: "Setting | None",
) -> None:
    import torch

    from models.networks.spec import play
    from models.networks.turning import play_turning
    from rig.session import store

    rate, audio = store.read_wav(source)
    assert session.state.created is not None
    wanted = session.state.created.sample_rate
    if rate != wanted:
        raise UsageError(f"{source}: has {rate} Hz, the model needs {wanted} Hz")
    mono = audio if audio.ndim == 1 else audio.mean(axis=1)
    panel, dry = session.config.panel, torch.from_numpy(mono).to(torch.float32)
    first = torch.from_numpy(panel.point(setting)).to(torch.float32)
    if turned is None:
        played = play(model, dry, first)[0]
    else:
        last = torch.from_numpy(panel.point(turned)).to(torch.float32)
        played = play_turning(model, dry, first, last)[0]
    if not torch.isfinite(played).all():
        raise RigError(f"{session.folder}: the model does not give finite audio; train it again")
    _put(session, target, store.wav_bytes(played.numpy(), rate))

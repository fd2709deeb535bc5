"""What ``rig export --as`` makes beside files for players: data sets, files of other runtimes."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rig.cli.asking import model_of, setting_of, view, warn
from rig.cli.common import out
from rig.cli.export_data import export_data
from rig.cli.writing import new_folder, put, refuse_existing
from rig.errors import UsageError

if TYPE_CHECKING:
    from rig.session.folder import Session

NAM_FILES, CONTAINER, DATA = "nam", "a2", ("data", "parametric", "panama")
#: Kinds that players for Neural Amp Modeler take: as a file, or as a pack of several settings.
PLAYED = (NAM_FILES, CONTAINER)
#: How the name of a file ends for each runtime.
RUNTIMES = {
    "onnx": (".onnx",),
    "rtneural": (".json",),
    "aidax": (".json", ".aidax"),
    "hyperwavenet": (".nam",),
}
KINDS = (*PLAYED, *RUNTIMES, *DATA)
#: Options that only some kinds have a use for.
USED_BY: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("--grid", "--preset", "--config", "--knobs"), PLAYED),
    "--format": (NAM_FILES,),
    "--at": (*PLAYED, "rtneural", "aidax", "hyperwavenet"),
    "--free": ("rtneural", "aidax"),
    "--flac": DATA,
}
INSTALL = "pip install 'rig-capture[onnx]' adds it"


@dataclass(frozen=True)
class Other:
    """An export as it was typed.

    Attributes:
        kind: One of `KINDS`.
        session: The session's folder.
        target: What is written.
        at: The setting, where the kind has one.
        free: Knobs that can be turned in the file, separated by commas.
        flac: Whether recordings are written as FLAC.
        force: Whether to write over what is there.
    """

    kind: str
    session: Path
    target: Path
    at: list[str] | None
    free: str | None
    flac: bool
    force: bool


def refuse_unused(kind: str, options: set[str]) -> None:
    """Refuse what would make no difference: somebody expects it to.

    Raises:
        UsageError: There is no such kind, or it has no use for an option.
    """
    if kind not in KINDS:
        raise UsageError(f"--as {kind}: there are {', '.join(KINDS)}")
    for option in USED_BY:
        if option in options and kind not in USED_BY[option]:
            users = " and ".join(f"--as {name}" for name in USED_BY[option])
            raise UsageError(f"{option}: goes with {users}; with --as {kind}, leave it out")


def export_other(asked: Other) -> None:
    """Export what is no ``.nam`` file.

    Raises:
        UsageError: Its files would be written over, or cannot be made.
    """
    if asked.kind in DATA:
        export_data(asked.kind, asked.session, asked.target, flac=asked.flac, force=asked.force)
    else:
        _export_model(asked)


# Refused before torch is loaded, which takes seconds that a typing mistake is not worth.
def _export_model(asked: Other) -> None:
    endings = RUNTIMES[asked.kind]
    if asked.target.suffix not in endings:
        raise UsageError(f"{asked.target}: choose a name that ends in {' or '.join(endings)}")
    if asked.kind == "onnx" and find_spec("onnx") is None:
        raise UsageError(f"--as onnx: needs the package onnx: {INSTALL}")
    refuse_existing(asked.target, asked.force)
    opened, made = view(asked.session), new_folder(asked.target)
    try:
        put(opened, asked.target, _content(opened, asked))
    finally:
        opened.close()
    out.print(f"wrote {asked.target}{made}", markup=False)


def _content(session: "Session", asked: Other) -> bytes:
    from rig.exchange import hyper, runtimes

    model = model_of(session)
    if asked.kind == "onnx":
        return runtimes.onnx(session, model)
    setting, names = setting_of(session, asked.at), (asked.free or "").replace(" ", "").split(",")
    free = [name for name in names if name]
    for name in {*session.config.panel.read(*(asked.at or ()))} & {*free}:
        raise UsageError(f"--free {name}: --at sets it, and it cannot both stand and turn")
    if asked.kind == "hyperwavenet":
        made = hyper.hyperwavenet(session, model, setting)
    else:
        made = runtimes.rtneural(session, model, setting, free, aidax=asked.kind == "aidax")
    if made.distance is not None:
        warn([made.distance])
    return made.content

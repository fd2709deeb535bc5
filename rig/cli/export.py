"""The ``rig export`` command: files for players, at settings of the knobs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rig.cli.asking import At, SessionFolder, model_of, view, warn
from rig.cli.common import out
from rig.cli.exporting import CONTAINER, NAM_FILES, PLAYED, Other, export_other, refuse_unused
from rig.cli.quiet import Quiet
from rig.cli.writing import (
    Force,
    new_folder,
    progress,
    put,
    refuse_existing,
    refuse_full_folder,
    refuse_mixing,
)
from rig.errors import UsageError
from rig.printable import count_of

if TYPE_CHECKING:
    from rig.config import Config
    from rig.exchange.asked import Asked
    from rig.exchange.metadata import Label
    from rig.exchange.pack import Wanted
    from rig.knobs import Setting
    from rig.session.folder import Session

NAM, ZIP = ".nam", ".zip"
#: The version of the files where nobody asks for another.
FORMAT = "0.7.0"


def export(
    session: SessionFolder,
    target: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="One setting: OUT.nam. Several: a folder, or OUT.zip."),
    ],
    at: At = None,
    grid: Annotated[
        list[str] | None,
        typer.Option("--grid", metavar="KNOB=SPAN", help="gain=0:10:2, from:to:step, or 2/5/8."),
    ] = None,
    preset: Annotated[
        list[str] | None,
        typer.Option("--preset", metavar="NAME", help="A preset of rig.yaml, or 'all'."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="A rig.yaml whose presets and gear hold, not the session's."),
    ] = None,
    form: Annotated[
        str,
        typer.Option("--format", metavar="VERSION", help="0.7.0, or 0.5.4 for players before A2."),
    ] = FORMAT,
    kind: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="KIND",
            help="nam, for players; a2, for them, in two widths; hyperwavenet, for parametric "
            "players; onnx, rtneural, aidax, for other runtimes; data, parametric, panama: what "
            "was recorded.",
        ),
    ] = NAM_FILES,
    flac: Annotated[
        bool, typer.Option("--flac", help="Recordings as FLAC: half the room, 24 bits of each.")
    ] = False,
    free: Annotated[
        str | None,
        typer.Option(
            "--free", metavar="KNOB,KNOB", help="Of rtneural and aidax: knobs that can be turned."
        ),
    ] = None,
    knobs: Annotated[
        bool,
        typer.Option("--knobs", help="Put the whole model with its knobs beneath, for rig's kin."),
    ] = False,
    force: Force = False,
    _quiet: Quiet = False,
) -> None:
    """Export the model as standard .nam files or for other runtimes, or what was recorded."""
    packed = {"--grid": grid, "--preset": preset, "--config": config, "--knobs": knobs}
    given = {**packed, "--format": form != FORMAT, "--at": at, "--free": free, "--flac": flac}
    refuse_unused(kind, {option for option, value in given.items() if value})
    if kind not in PLAYED:
        export_other(Other(kind, session, target, at, free, flac, force))
        return
    _refuse_target(target, force)
    if target.suffix not in (NAM, ZIP) and not grid and not preset:
        raise UsageError(f"{target}: players look for a name that ends in .nam")
    opened = view(session)
    try:
        from rig.exchange import pack

        told = _config(opened, config)
        items = _wanted(told, at, grid or [], preset or [])
        if target.suffix == NAM and len(items) > 1:
            raise UsageError(
                f"{target}: {len(items)} settings need a folder or a name that ends in .zip"
            )
        names = pack.file_names(told.panel, items)
        if target.suffix == NAM:
            names = [target.name]
        refuse_mixing(target, names)
        asked = dict(zip(names, items, strict=True))
        files = _files(opened, told, asked, _form(form), knobs, kind == CONTAINER)
        _write(opened, target, files)
    finally:
        opened.close()


def _refuse_target(target: Path, force: bool) -> None:
    if target.suffix in (NAM, ZIP):
        refuse_existing(target, force)
    elif target.suffix:
        raise UsageError(
            f"{target}: players look for a name that ends in .nam; several settings go into a "
            "folder or a .zip"
        )
    else:
        refuse_full_folder(target, force)


def _config(session: "Session", path: Path | None) -> "Config":
    """Return the session's configuration, with the names of a newer file where one is given."""
    if path is None:
        return session.config
    from rig import config as configuration

    given = configuration.load(path)
    if given.panel != session.config.panel:
        raise UsageError(f"{path}: has other knobs than the session; only names may differ")
    return session.config.model_copy(update={"gear": given.gear, "presets": given.presets})


def _wanted(
    config: "Config", at: Sequence[str] | None, spans: list[str], names: list[str]
) -> "list[Wanted]":
    from rig.exchange import pack

    panel = config.panel
    if names and spans:
        raise UsageError("--preset and --grid: choose one; a pack holds either")
    option = "--at"
    try:
        base = panel.read(*(at or ()))
        option = "--preset" if names else "--grid"
        chosen = list(config.presets) if "all" in names else names
        if names and not chosen:
            pack.presets(config, names, base)
        if names:
            return pack.presets(config, chosen, base)
        return pack.grid(panel, spans, base) if spans else [pack.Wanted(base)]
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _form(version: str) -> str:
    from models.nam.versions import VERSIONS

    if version not in VERSIONS:
        raise UsageError(f"--format {version}: there are {' and '.join(VERSIONS)}")
    return version


def _asked(session: "Session", config: "Config", items: "Sequence[Wanted]") -> "list[Asked]":
    """Return the settings, after saying what of them could not be had as typed, once each."""
    from rig.exchange.asked import asked, closed_pots, recorded_settings

    recorded, closed = recorded_settings(session), closed_pots(session)
    found = [asked(config.panel, item.values, recorded, closed) for item in items]
    warn(dict.fromkeys(remark for one in found for remark in one.remarks))
    return found


def _files(
    session: "Session",
    config: "Config",
    items: "dict[str, Wanted]",
    version: str,
    knobs: bool,
    both: bool,
) -> dict[str, bytes]:
    """Return the files by name; of several, with the text that goes with them."""
    from rig.exchange import pack
    from rig.exchange.metadata import Label

    found = _asked(session, config, list(items.values()))
    content = _maker(session, both)
    trained = session.state.learning.model
    esr = None if trained is None else trained.holdout_esr
    files, told = {}, {}
    # Everything is made before anything is written: broken off, it leaves nothing behind.
    with progress("exporting") as tell:
        for done, ((name, item), one) in enumerate(zip(items.items(), found, strict=True)):
            tell(done, len(items))
            label = Label(config.gear, esr, item.preset, version, knobs, item.name)
            files[name] = content(one.setting, label)
            told[name] = config.panel.describe(one.setting)
    if len(files) > 1:
        form = CONTAINER if both else version
        said = pack.text(config.name, config.gear, told, session.state.learning, form)
        files[pack.TEXT_NAME] = said.encode()
    for name, setting in told.items():
        out.print(f"{name}: {setting}", markup=False)
    return files


def _maker(session: "Session", both: bool) -> "Callable[[Setting, Label], bytes]":
    """Return what makes a file of one setting: of the final model, or of both its widths."""
    from rig.exchange import nam
    from rig.exchange.final_model import final_widths

    if both:
        narrow, wide = final_widths(session)
        return lambda setting, label: nam.exported_widths(session, narrow, wide, setting, label)
    model: Any = model_of(session)
    return lambda setting, label: nam.exported(session, model, setting, label)[0]


def _write(session: "Session", target: Path, files: dict[str, bytes]) -> None:
    """Write a file, an archive or a folder, and say so."""
    from rig.exchange import pack

    made = new_folder(target)
    if target.suffix == NAM:
        put(session, target, *files.values())
    elif target.suffix == ZIP:
        put(session, target, pack.zipped(dict(sorted(files.items()))))
    else:
        for name, content in files.items():
            put(session, target / name, content)
    count = "" if target.suffix == NAM else f": {count_of(len(files), 'file')}"
    out.print(f"wrote {target}{made}{count}", markup=False)

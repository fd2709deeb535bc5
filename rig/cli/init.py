"""The ``rig init`` command: a guide from what is on the bench to a ``rig.yaml``."""

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.cli import setup
from rig.cli.common import BROKEN_OFF, err, out
from rig.cli.writing import new_folder, refuse_own
from rig.errors import ConfigError, RigError, StorageError, UsageError
from rig.printable import command, count_of

if TYPE_CHECKING:
    from rig.cli.terminal import Terminal
    from rig.guide.answers import Draft
    from rig.guide.found import Found
    from rig.guide.question import Answers

SCHEMA = "rig.schema.json"


def init(
    config: Annotated[
        Path, typer.Argument(help="The configuration to write, or to change if it is there.")
    ] = setup.CONFIG,
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers",
            metavar="FILE",
            help="Ask nothing: the answers are in this file (docs/reference/answers.md).",
        ),
    ] = None,
    amp: Annotated[
        str | None,
        typer.Option(
            "--amp", metavar="NAME", help="An amp with MIDI that rig knows, or part of its name."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Begin anew: what is there is written over.")
    ] = False,
    default: Annotated[
        bool, typer.Option("--default", help="Ask nothing: the built-in virtual amp.")
    ] = False,
) -> None:
    """Ask what is on the bench, and write a commented rig.yaml, or change the one that is there.

    Nothing has to be plugged in. At each question Enter takes what stands in brackets, ? explains
    and < goes back; what was answered is kept until the file is written. Its JSON Schema for
    editors goes beside it. Where nobody sits at a terminal, --answers FILE takes the answers.
    """
    refuse_own(config)
    # Asked first: what is answered is kept there before the file is written.
    made = new_folder(config)
    before = None if force else _text(config)
    told = _amp(amp)
    # Under pythonw there is no input at all.
    at_terminal = out.is_terminal and sys.stdin is not None and sys.stdin.isatty()
    if answers is not None:
        if default:
            raise UsageError("--default answers everything by itself: leave out --answers")
        _write(config, _answered(answers, told, before, config))
    elif default or (amp is not None and not at_terminal):
        _write(config, _default(config, before, amp))
    elif not at_terminal:
        raise UsageError(_nobody(config, before))
    else:
        _ask(config, before, told, made)
        return
    out.print(_next(config, made), markup=False)


def _nobody(config: Path, before: str | None) -> str:
    """Say what to type where nobody can be asked: what is piped in answers no questions."""
    answers = f"'{_typed('init', config)} --answers FILE' takes the answers"
    default = f"'{_typed('init', config)} --default' is for the built-in virtual amp"
    ways = answers if before is not None else f"{answers}, {default}"
    return f"nobody can be asked here, without a terminal: {ways}"


def _text(config: Path) -> str | None:
    """Return the file that is to be changed, None where there is none.

    Raises:
        ConfigError: It does not load, so nobody knows what it says.
    """
    from rig import config as configuration

    if not config.exists():
        return None
    if config.is_dir():
        raise UsageError(f"{config}: is a folder; give the name of a file, such as rig.yaml")
    try:
        configuration.load(config)
    except ConfigError as error:
        first, *more = str(error).splitlines()
        advice = "mend it, or begin anew with --force"
        raise ConfigError("\n".join([f"{first}: {advice}", *more])) from None
    return config.read_text(encoding="utf-8")


def _amp(name: str | None) -> "Answers":
    from rig.guide import maps

    if name is None:
        return {}
    try:
        return {"amp.kind": "midi", "amp.map": maps.find(name).name}
    except ValueError as error:
        raise UsageError(f"--amp: {error}") from None


def _default(config: Path, before: str | None, amp: str | None) -> str:
    from rig import data

    if amp is not None:
        raise UsageError("--amp: the rest has to be asked for at a terminal, or by --answers FILE")
    if before is not None:
        raise UsageError(
            f"{config}: is there already; '{_typed('init', config)}' changes it, and --force "
            "begins anew"
        )
    return data.default_config()


def _found(before: str | None) -> "Found":
    """Return what is installed, and what the file has; devices are looked for by others."""
    from rig.devices import drivers
    from rig.guide import reading
    from rig.guide.found import Found, others

    knobs = reading.sections(before)["knobs"] if before is not None else {}
    return Found(
        amps=others(drivers.AMPS),
        interfaces=others(drivers.INTERFACES),
        knobs={str(name): section or {} for name, section in knobs.items()},
    )


def _answered(path: Path, told: "Answers", before: str | None, config: Path) -> str:
    """Return the configuration from a file of answers."""
    from rig.guide import answers, reading
    from rig.guide.flow import flow
    from rig.guide.guide import accepted

    # Devices are not looked for: the same answers are to make the same file anywhere.
    questions = flow(_found(before))
    known = reading.answers_of(before, str(config)) if before is not None else {}
    given = answers.fill(questions, told | answers.read(path), known, str(path))
    return accepted(given, before, str(config))


def _ask(config: Path, before: str | None, told: "Answers", made: str) -> None:
    """Ask somebody at the terminal, write the file, and offer to check it."""
    from rig.cli.terminal import Terminal
    from rig.guide.answers import Draft
    from rig.guide.hardware import Hardware

    talk, draft = Terminal(Hardware()), Draft(config)
    try:
        text = _guided(talk, draft, config, before, told)
        _write(config, text)
        draft.remove()
        passed = _checked(talk, config)
    except ConfigError as error:
        first, *more = str(error).splitlines()
        advice = f"change it there; the answers are kept, and '{_typed('init', config)}' goes on"
        raise ConfigError("\n".join([f"{first}: {advice}", *more])) from None
    except (KeyboardInterrupt, EOFError):
        out.print()
        if draft.path.exists():
            talk.show(f"Your answers are kept in {draft.path}; '{_typed('init', config)}' goes on.")
        raise typer.Exit(BROKEN_OFF) from None
    talk.show(_next(config, made, passed=passed))


def _guided(
    talk: "Terminal", draft: "Draft", config: Path, before: str | None, told: "Answers"
) -> str:
    from dataclasses import replace

    from rig.guide import reading
    from rig.guide.answers import resumed
    from rig.guide.flow import flow
    from rig.guide.guide import accepted, guided
    from rig.guide.writing import refuse_aliases

    with out.status("looking for devices"):
        survey = talk.hardware.survey()
    for trouble in survey.troubles:
        talk.show(f"note: {trouble}")
    questions = flow(replace(_found(before), survey=survey))
    known = reading.answers_of(before, str(config)) if before is not None else {}
    given = dict(told)
    if told:
        talk.show(f"The knobs are those of {told['amp.map']}, over MIDI.")
    if before is not None:
        # Before anything is asked, and not once all is answered.
        refuse_aliases(before, str(config))
        talk.show(f"{config} is there: what it says stands in the brackets, and Enter keeps it.")
    # Whoever names an amp begins with it, and not with what was left of another.
    kept, behind = ({}, {}) if told else draft.kept()
    if kept and _goes_on(talk, len(kept)):
        given = resumed(questions, kept)
    known |= behind | kept
    return guided(
        talk, questions, given, known, lambda a: accepted(a, before, str(config)), draft.keep
    )


def _goes_on(talk: "Terminal", count: int) -> bool:
    answers = count_of(count, "answer is", "answers are")
    talk.show(f"{answers} kept from last time. Go on behind them? n asks them again")
    return not talk.ask("[y] > ").strip().lower().startswith("n")


def _checked(talk: "Terminal", config: Path) -> bool | None:
    """Offer the check; whether it passed, None where nobody wanted it."""
    talk.show("")
    talk.show(f"{config} is written. Check now whether the night will work? It takes two minutes")
    # The file is written: whoever leaves here wants no check, and nothing is broken off.
    with suppress(KeyboardInterrupt, EOFError):
        if talk.ask("[n] > ").strip().lower().startswith(("y", "j")):
            return _check(config)
    return None


def _check(config: Path) -> bool:
    """Check; whether it passed."""
    # Whatever the check says, the file is written, and the last line says so.
    try:
        setup.check(config)
    except typer.Exit:
        return False
    except RigError as error:
        err.print(str(error), style="red", markup=False)
        return False
    return True


def _write(config: Path, text: str) -> None:
    from rig import config as configuration
    from rig.session import store

    # Before it is written: whatever was answered, the file has to load.
    configuration.parse(text, str(config))
    schema = json.dumps(configuration.json_schema(), indent=1)
    try:
        # Whole or not at all, where it really lies: a link to it stays one.
        store.put(config.resolve(), text.encode())
        store.put(config.with_name(SCHEMA), schema.encode())
    except StorageError as error:
        raise UsageError(str(error)) from None


def _next(config: Path, made: str, *, passed: bool | None = None) -> str:
    """Return what is said last: what was written, and what to type."""
    check, capture = f"'{_typed('check', config)}'", f"'{_typed('capture', config)}'"
    # On the built-in amp: whatever is plugged in or not, it shows what the night will be like.
    tries = f"'{_typed('capture --rehearse', config)}' to see a short night without the amp"
    following = {
        None: f"{tries}, {check}, then {capture}",
        True: f"{tries}, then {capture}",
        False: f"mend what the check says, {check} again, then {capture}",
    }[passed]
    wrote = f"{config} and {config.with_name(SCHEMA)} are written{made}"
    return f"{wrote}; next: {following}"


def _typed(name: str, config: Path) -> str:
    """Return a command about a configuration as it can be pasted."""
    return command("rig", *name.split(), *([] if config == setup.CONFIG else [config]))

"""commands.md: every command and option, from the functions of `rig.cli`."""

import inspect
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import groupby
from pathlib import Path
from typing import Any, get_args, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

from rig.cli import app
from tools.reference import words

INTRODUCTION = """# Commands

`rig COMMAND --help` says the same in a terminal. A mistake is one line on standard error. The exit
code is 0 where all is well, 1 where something failed, 2 where the command line or the configuration
cannot be used, 3 where a capture was stopped by hand, and 130 after Ctrl-C.
"""
HEAD = ("argument or option", "value", "default", "meaning")
#: A line of the table.
Row = tuple[str, str, str, str]
#: How a value is called that has no name of its own.
VALUES = {str: "text", int: "whole number", float: "number", Path: "path"}


def page() -> str:
    """The page."""
    known = [(command.name, command.callback) for command in app.registered_commands]
    told = [_command(name or f.__name__, f) for name, f in known if f is not None]
    return "\n".join([INTRODUCTION, *told])


def _command(name: str, function: Callable[..., Any]) -> str:
    rows = list(_rows(function))
    usage = " ".join(["rig", name, *_usage(rows)])
    told = [f"## rig {name}", f"```\n{usage}\n```", *_told(function)]
    return "\n\n".join([*told, words.table(HEAD, rows)])


def _told(function: Callable[..., Any]) -> list[str]:
    """The help, paragraph by paragraph; what is aligned stays as it is."""
    told: list[str] = []
    for aligned, group in groupby((inspect.getdoc(function) or "").split("\n\n"), _is_aligned):
        parts = list(group)
        told += ["\n".join(["```", *parts, "```"])] if aligned else map(words.one_line, parts)
    return told


def _is_aligned(paragraph: str) -> bool:
    """Whether a paragraph is a table of its own."""
    return ":  " in paragraph


def _usage(rows: list[Row]) -> Iterator[str]:
    for name, _, default, _ in rows:
        if not name.startswith("`-"):
            yield name.strip("`") if default == "required" else f"[{name.strip('`')}]"
    if any(name.startswith("`-") for name, *_ in rows):
        yield "[OPTIONS]"


def _rows(function: Callable[..., Any]) -> Iterator[Row]:
    """Each argument and option: its name, value, default and meaning."""
    hints = get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        annotation, info = get_args(hints[name])[:2]
        kind = _kind(annotation)
        shown = _option(name, kind, info) if isinstance(info, OptionInfo) else _argument(name, info)
        yield shown, _value(kind, info), _default(parameter.default), info.help or ""


def _kind(annotation: Any) -> type:
    """The type of a value, or of each of several."""
    if isinstance(annotation, type):
        return annotation
    return _kind(next(part for part in get_args(annotation) if part is not type(None)))


def _argument(name: str, info: ArgumentInfo) -> str:
    return f"`{info.metavar or name.upper()}`"


def _option(name: str, kind: type, info: OptionInfo) -> str:
    dashed = name.replace("_", "-")
    plain = f"--{dashed}/--no-{dashed}" if kind is bool else f"--{dashed}"
    # What an Annotated option is told first, typer holds for a default until it looks.
    told = [way for way in (info.default, *(info.param_decls or ())) if isinstance(way, str)]
    spellings = [way for given in told or (plain,) for way in given.split("/")]
    return words.listed([f"`{way}`" for way in spellings])


def _value(kind: type, info: ArgumentInfo | OptionInfo) -> str:
    if kind is bool:
        return ""
    if isinstance(info, OptionInfo) and info.metavar:
        return f"`{info.metavar}`"
    if issubclass(kind, Enum):
        return words.listed([f"`{member.value}`" for member in kind])
    ends = {"minimum": info.min, "maximum": info.max}
    within = words.range_of({key: end for key, end in ends.items() if end is not None})
    return ", ".join(filter(None, (VALUES[kind], within)))


def _default(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return "required"
    if value is None or value is False or value in ("", ()):
        return ""
    return words.code(str(value))

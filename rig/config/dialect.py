"""The YAML of ``rig.yaml``: safe, and without the readings of YAML 1.1 that surprise people.

``off`` and ``on`` are positions of a switch, ``17:00`` is a time of day and not 1,020 seconds,
``010`` is ten, ``2026-11-26`` is a name, and a key that stands twice is a mistake.
"""

import re
from typing import Any

import yaml

#: Each reads no more texts as numbers than YAML 1.1 does, so what was once stored as text stays so.
_SCALARS = (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|false|False)$", list("tTfF")),
    ("int", r"^[-+]?(?:[0-9]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    (
        "float",
        r"^[-+]?(?:[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?|\.[0-9]+|\.(?:inf|Inf|INF))$|^\.(?:nan|NaN|NAN)$",
        list("-+0123456789."),
    ),
    ("merge", r"^(?:<<)$", ["<"]),
)


#: Of a whole number.
MOST_DIGITS = 100


class Loader(yaml.SafeLoader):
    """Safe YAML, read as somebody means it who never read a specification."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (as the base class has it)


def _mapping_without_repeats(loader: Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in seen:
            raise yaml.MarkedYAMLError(
                problem=f"'{key.value}' stands here twice", problem_mark=key.start_mark
            )
        seen.add(str(key.value))
    # Behind the check: what a merge (<<) brings along may well stand here once more, and gives way.
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


def _decimal(_: Loader, node: yaml.ScalarNode) -> int:
    """Read a whole number; a zero in front makes no octal one of it."""
    text = str(node.value)
    # No number of ours is that long, and a longer one could not even be shown.
    if len(text) > MOST_DIGITS:
        raise yaml.MarkedYAMLError(
            problem=f"a number of {len(text)} digits", problem_mark=node.start_mark
        )
    return int(text, 16) if "x" in text else int(text)


for _name, _pattern, _first in _SCALARS:
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), _first)
# YAML keeps the last of two equal keys and says nothing: here it is a mistake.
Loader.add_constructor("tag:yaml.org,2002:map", _mapping_without_repeats)
Loader.add_constructor("tag:yaml.org,2002:int", _decimal)

"""Read a data set: rig's own, the parametric fork's, PANAMA's, or a folder with a table."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rig.dataset.types import DataSet, DataTake
from rig.errors import UsageError
from rig.ordinary import size_bytes

#: Rig's own description, alone or under this key of another format's file.
PLAIN, FORMAT, KEY = "dataset.json", "rig-dataset", "_rig"
#: A description is text; what is larger is something else.
MOST_BYTES = 50_000_000
INPUTS = ("input.wav", "input.flac", "x.wav", "dry.wav")
FILES = ("file", "path", "y_path", "wav", "filename")
#: Columns of a table that are no knobs.
OTHERS = ("role", "split", "delay", "sha256", "latency_frames")
#: What peers train on and what they validate on.
ROLE_OF_SPLIT = {"train": "seed", "validation": "holdout"}
ROLES = ("seed", "active", "holdout", "canary")


def read(source: Path) -> DataSet:
    """Read the description of a data set.

    Args:
        source: A folder, or the JSON file of one of the formats.

    Raises:
        UsageError: It is none that rig knows, or damaged.
    """
    try:
        if source.is_dir():
            plain = source / PLAIN
            return _plain(plain, _json(plain)) if plain.is_file() else _table(source)
        document = _json(source)
        if document.get("format") == FORMAT:
            return _plain(source, document)
        if document.get("type") == "parametric":
            return _parametric(source, document)
        if isinstance(document.get("train"), dict) and "outputs" in document["train"]:
            return _panama(source, document)
    except (LookupError, TypeError, ValueError, AttributeError, OSError, RecursionError) as error:
        raise UsageError(
            f"{source}: cannot be read as a data set ({error!r}); docs/datasets.md says what "
            "belongs there"
        ) from None
    raise UsageError(
        f"{source}: is no data set that rig knows: a folder with {PLAIN} or a table, a parametric "
        "data.json, or PANAMA's configuration"
    )


def _json(path: Path) -> dict[str, Any]:
    if size_bytes(path) > MOST_BYTES:
        raise ValueError("it is too large for a description")
    document = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise TypeError("it is no JSON object")
    return document


def _beside(source: Path, name: str) -> Path:
    # Windows' separators: the peer's own examples have them, and so have files made there.
    path = Path(name.replace("\\", "/")) if "\\" in name else Path(name)
    return path if path.is_absolute() else source.parent / path


def _described(told: dict[str, Any]) -> dict[str, Any]:
    """Return what rig itself says of a data set."""
    if not told:
        return {}
    segments = tuple((str(p), int(start), int(frames)) for p, start, frames in told["segments"])
    return {
        "knobs": dict(told["knobs"]),
        "segments": segments,
        "tail_frames": int(told["tail_frames"]),
        "gear": dict(told.get("gear", {})),
    }


def _plain(source: Path, document: dict[str, Any]) -> DataSet:
    if document.get("version") != 1:
        raise ValueError("it is of a version that this rig does not know")
    takes = tuple(
        DataTake(
            _beside(source, take["file"]),
            tuple(map(float, take["values"])),
            _role(take["role"]),
            0,
            str(take["sha256"]),
        )
        for take in document["takes"]
    )
    names = tuple(document["knobs"])
    return DataSet(source, _beside(source, document["input"]), names, takes, **_described(document))


def _role(role: str) -> str:
    if role not in ROLES:
        raise ValueError(f"{role!r} is no role")
    return role


# Two generations: values as a list beside param_names, and by name.
def _parametric(source: Path, document: dict[str, Any]) -> DataSet:
    """Read the parametric fork's: values by name, or in the order of ``param_names``."""
    common, told = document.get("common", {}), document.get(KEY, {})
    entries = [
        {**common, **entry, "split": split}
        for split in ("train", "validation")
        for entry in document.get(split, [])
    ]
    first, roles = entries[0], told.get("roles", {})
    listed = first.get("param_names")
    names = tuple(listed if listed is not None else first["params"])
    inputs = [entry["x_path"] for entry in entries]
    # Two inputs are two data sets; most were made with one.
    same = [entry for entry in entries if entry["x_path"] == inputs[0]]
    takes = tuple(
        DataTake(
            _beside(source, entry["y_path"]),
            _values(names, entry["params"]),
            _role(roles.get(entry["y_path"]) or ROLE_OF_SPLIT[entry["split"]]),
            None if entry.get("delay") is None else round(entry["delay"]),
            told.get("sha256", {}).get(entry["y_path"]),
        )
        for entry in same
    )
    left_out = len(entries) - len(same)
    return DataSet(
        source, _beside(source, inputs[0]), names, _once(takes), **_described(told),
        left_out=left_out,
    )  # fmt: skip


def _values(names: tuple[str, ...], params: Any) -> tuple[float, ...]:
    if isinstance(params, dict):
        return tuple(float(params[name]) for name in names)
    return tuple(map(float, params))


def _once(takes: Iterable[DataTake]) -> tuple[DataTake, ...]:
    """Return each file once: what is trained on and tested on is one recording in two windows."""
    found: dict[Path, DataTake] = {}
    for take in takes:
        found.setdefault(take.path, take)
    return tuple(found.values())


# Its vectors have no names; whoever knows them gives a rig.yaml.
def _panama(source: Path, document: dict[str, Any]) -> DataSet:
    """Read PANAMA's: one input, and a vector of numbers from 0 to 1 for each output."""
    train, told = document["train"], document.get(KEY, {})
    common = document.get("common", {})
    shared = train.get("x_path") or common["x_path"]
    takes, left_out, roles = [], 0, told.get("roles", {})
    for split, role in ROLE_OF_SPLIT.items():
        part = {**common, **document.get(split, {})}
        outputs = part.get("outputs", [])
        if part.get("x_path", shared) != shared:
            left_out += len(outputs)
            continue
        for entry in outputs:
            delay = entry.get("delay", part.get("delay"))
            takes.append(
                DataTake(
                    _beside(source, entry["y_path"]),
                    _from_vector(told, tuple(map(float, entry["g_vector"]))),
                    _role(roles.get(entry["y_path"]) or role),
                    None if delay is None else round(delay),
                    told.get("sha256", {}).get(entry["y_path"]),
                )
            )
    names = tuple(told["knobs"]) if told else tuple(
        f"knob{place + 1}" for place in range(len(takes[0].values))
    )  # fmt: skip
    return DataSet(
        source, _beside(source, shared), names, _once(takes), **_described(told), left_out=left_out
    )


def _from_vector(told: dict[str, Any], vector: tuple[float, ...]) -> tuple[float, ...]:
    """Return faceplate values, where rig has written down where each knob begins and ends."""
    spans = told.get("spans")
    if spans is None:
        return vector
    ends = zip(vector, spans, strict=True)
    return tuple(round(low + unit * (high - low), 9) for unit, (low, high) in ends)


def _table(folder: Path) -> DataSet:
    """Read a folder with WAVs and one table: a column with file names, and one for each knob."""
    tables = sorted(folder.glob("*.csv"))
    inputs = [folder / name for name in INPUTS if (folder / name).is_file()]
    if len(tables) != 1 or not inputs:
        raise UsageError(
            f"{folder}: needs one table (.csv) of files and knobs, and the input as {INPUTS[0]}"
        )
    size_bytes(tables[0])
    with tables[0].open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = list(rows[0]) if rows else []
    files = next((column for column in columns if column.lower() in FILES), None)
    if files is None:
        raise UsageError(f"{tables[0]}: no column is called {' or '.join(FILES)}")
    names = [c for c in columns if c != files and c.lower() not in OTHERS]
    labels = {name: _labels(rows, name) for name in names}
    takes = [
        DataTake(
            _beside(tables[0], row[files]),
            tuple(_number(labels[name], row[name]) for name in names),
            _role(row.get("role") or "seed"),
            round(float(row["delay"])) if row.get("delay") else None,
        )
        for row in rows
    ]
    knobs = {name: {"switch": list(found)} for name, found in labels.items() if found}
    return DataSet(tables[0], inputs[0], tuple(names), tuple(takes), knobs)


def _labels(rows: list[dict[str, str]], name: str) -> tuple[str, ...]:
    """Return the positions of a switch in a column of words; none where it holds numbers."""
    try:
        for row in rows:
            float(row[name])
    except ValueError:
        return tuple(dict.fromkeys(row[name] for row in rows))
    return ()


def _number(labels: tuple[str, ...], text: str) -> float:
    return float(labels.index(text)) if labels else float(text)

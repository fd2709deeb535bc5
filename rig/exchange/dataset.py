"""A session as a data set: recordings in step, a table of settings, a card; for others to learn.

Formats: rig's own (docs/datasets.md); the parametric fork's ``data.json`` (its README and
``nam_full_configs``, August 2026); PANAMA's shared input (its ``shared_in_multi_out.py``, 2025).
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from calibration.signals import Part, Signal
from rig import config as configuration
from rig.capture import Role
from rig.config import ReplayAmpConfig, ReplayInterfaceConfig
from rig.dataset.reader import FORMAT, KEY, PLAIN
from rig.exchange.audio import audio_bytes
from rig.printable import count_of
from rig.session.captures import CaptureState
from rig.session.folder import Session
from rig.session.state import State

#: Roles that go out: looks are a few seconds only.
ROLES = (Role.SEED, Role.ACTIVE, Role.HOLDOUT, Role.CANARY)
#: Frames in a window of training, as both peers' examples have it.
WINDOW, PANAMA_HISTORY = 8_192, 8_192
#: Names of files: format by format.
DESCRIPTIONS = {"data": PLAIN, "parametric": "data.json", "panama": "data_config.json"}
CARD, TABLE, REPLAY = "README.md", "settings.csv", "rig.yaml"

Files = Iterator[tuple[str, bytes]]


def _given_out(state: State) -> list[CaptureState]:
    """Return what was kept, without canaries of an amp that was getting warm: not yet the amp."""
    kept, reference = state.kept(*ROLES), state.amp.reference
    return [
        about
        for about in kept
        if about.capture.role is not Role.CANARY
        or reference is None
        or (about.kept is not None and about.kept.take >= reference.take)
    ]


@dataclass(frozen=True)
class _Out:
    """One recording on its way out."""

    file: str
    about: CaptureState
    sha256: str


# The number of the take comes first: names sort as things were recorded, and none comes twice.
def _name(session: Session, about: CaptureState, suffix: str) -> str:
    """Name a file by its take and its knobs, as public collections do."""
    assert about.kept is not None
    knobs = zip(session.config.panel.knobs, about.capture.setting.values, strict=True)
    stands = "_".join(f"{knob.name}-{knob.describe(value)}" for knob, value in knobs)
    # As many knobs as there are: some systems take no name longer than 255 signs.
    plain = re.sub(r"[^\w.-]+", "-", f"{about.kept.take:05d}_{stands}")[:120]
    return f"takes/{plain}{suffix}"


def files(session: Session, form: str, suffix: str, tell: Callable[[int, int], None]) -> Files:
    """Yield the files of a data set, the description last: without it there is none.

    Args:
        session: Any session.
        form: One of `DESCRIPTIONS`.
        suffix: ``.wav``, which holds every bit, or ``.flac``, 24 bits of it.
        tell: Told how many recordings are done, and of how many.

    Raises:
        SessionError: A recording cannot be read.
        UsageError: FLAC has no room for a recording.
    """
    signal, out = session.signal(), []
    rate, stop = signal.sample_rate, signal.segment(Part.TAIL).start
    yield f"input{suffix}", audio_bytes(Path(f"input{suffix}"), signal.send[:stop], rate)
    kept = _given_out(session.state)
    for about in kept:
        assert about.kept is not None
        name = _name(session, about, suffix)
        content = audio_bytes(Path(name), session.kept_audio(about.kept), rate)
        out.append(_Out(name, about, hashlib.sha256(content).hexdigest()))
        yield name, content
        tell(len(out), len(kept))
    yield TABLE, _table(session, out)
    yield CARD, _card(session, out, form).encode()
    if form == "data":
        yield REPLAY, _replay(session, out)
    made = {"data": _plain, "parametric": _parametric, "panama": _panama}[form]
    document = made(session, signal, f"input{suffix}", out)
    yield DESCRIPTIONS[form], json.dumps(document, indent=1).encode()


# Sections as they were typed: what a newer rig makes of a default is its own affair.
def _described(session: Session, signal: Signal) -> dict[str, Any]:
    """Return what rig needs to make a session of it again."""
    config = session.config
    return {
        "segments": [[s.part.value, s.start, s.frames] for s in signal.segments],
        "tail_frames": len(signal.send) - signal.segment(Part.TAIL).start,
        "knobs": {
            name: knob.model_dump(mode="json", exclude_unset=True)
            for name, knob in config.knobs.items()
        },
        "spans": [[knob.values[0], knob.values[-1]] for knob in config.panel.knobs],
        "gear": config.gear.model_dump(mode="json", exclude_none=True),
    }


def _plain(session: Session, signal: Signal, played: str, out: list[_Out]) -> dict[str, Any]:
    takes = [
        {
            "file": one.file,
            "sha256": one.sha256,
            "role": one.about.capture.role.value,
            "values": list(one.about.capture.setting.values),
        }
        for one in out
    ]
    head = {"format": FORMAT, "version": 1, "name": session.config.name}
    rate = {"sample_rate": signal.sample_rate, "input": played}
    return {**head, **rate, **_described(session, signal), "takes": takes}


# Where no setting was held out, peers validate on held-out guitar at settings that were learnt.
def _splits(signal: Signal, out: list[_Out]) -> dict[str, tuple[list[_Out], dict[str, int]]]:
    """Return what is trained on and what is tested on, and which stretch of the input each is."""
    guitar, held_out = signal.segment(Part.TRAIN), signal.segment(Part.HOLDOUT)
    tones = signal.segment(Part.TONES) if signal.has(Part.TONES) else guitar
    train = [one for one in out if one.about.capture.role is not Role.HOLDOUT]
    tested = [one for one in out if one.about.capture.role is Role.HOLDOUT]
    return {
        "train": (train, {"start_samples": tones.start, "stop_samples": guitar.stop}),
        "validation": (
            tested or train,
            {"start_samples": held_out.start, "stop_samples": held_out.stop},
        ),
    }


def _parametric(session: Session, signal: Signal, played: str, out: list[_Out]) -> dict[str, Any]:
    panel = session.config.panel
    splits = {
        split: [
            {
                "y_path": one.file,
                "params": panel.named(one.about.capture.setting),
                "ny": WINDOW if split == "train" else None,
                **window,
            }
            for one in chosen
        ]
        for split, (chosen, window) in _splits(signal, out).items()
    }
    # Its trainer wants 0.4 s of silence in front; ours is shorter, and what is before it is known.
    common = {"x_path": played, "delay": 0, "require_input_pre_silence": None}
    return {"type": "parametric", "common": common, **splits, KEY: _beside(session, signal, out)}


def _beside(session: Session, signal: Signal, out: list[_Out]) -> dict[str, Any]:
    """Return what only rig reads in another format's file, where its own readers do not look."""
    # Not in the entries: of these, either peer takes every key for an argument.
    roles = {one.file: one.about.capture.role.value for one in out}
    hashes = {one.file: one.sha256 for one in out}
    return {**_described(session, signal), "roles": roles, "sha256": hashes}


def _panama(session: Session, signal: Signal, played: str, out: list[_Out]) -> dict[str, Any]:
    panel = session.config.panel
    document: dict[str, Any] = {
        split: {
            "type": "shared_input",
            "x_path": played,
            "nx": PANAMA_HISTORY,
            # Without these two the windows are not looked at.
            "process_x": True,
            "check_y": True,
            "ny": WINDOW if split == "train" else None,
            **window,
            "outputs": [
                {
                    "y_path": one.file,
                    "g_vector": panel.point(one.about.capture.setting).tolist(),
                }
                for one in chosen
            ],
        }
        for split, (chosen, window) in _splits(signal, out).items()
    }
    return {**document, "common": {}, KEY: _beside(session, signal, out)}


def _table(session: Session, out: list[_Out]) -> bytes:
    text, panel = io.StringIO(), session.config.panel
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "role", *(knob.name for knob in panel.knobs), "sha256"])
    for one in out:
        pairs = zip(panel.knobs, one.about.capture.setting.values, strict=True)
        stands = [knob.describe(v) if knob.is_switch else repr(v) for knob, v in pairs]
        writer.writerow([one.file, one.about.capture.role.value, *stands, one.sha256])
    return text.getvalue().encode()


# For people, in a page that sharing sites show by themselves.
def _card(session: Session, out: list[_Out], form: str) -> str:
    """Return the text that goes with it: what it is, whose, and under which licence."""
    config, gear, panel = session.config, session.config.gear, session.config.panel
    amp = " ".join(word for word in (gear.make, gear.model) if word) or config.name
    created = session.state.created
    assert created is not None
    seconds = np.sum([one.about.kept.played_s for one in out if one.about.kept])
    knobs = [
        f"- {knob.name}: {', '.join(knob.labels) or f'{knob.minimum:g} to {knob.maximum:g}'}"
        for knob in panel.knobs
    ]
    lines = [
        f"# {amp}", "",
        f"{count_of(len(out), 'recording')} of one input, "
        f"{count_of(round(seconds / 60), 'minute')}, captured with rig.", "",
        f"- licence: {gear.licence or 'not stated: ask before you use it'}",
        f"- captured by: {gear.modeled_by or 'not stated'}",
        f"- what was captured: {gear.type}",
        f"- sample rate: {created.sample_rate} Hz, mono, in step with the input",
        "- every recording has passed rig's checks; 'sha256' in the table is of each file",
        "", "Knobs:", "", *knobs, "",
        f"`{TABLE}` has the settings, `{DESCRIPTIONS[form]}` the same for programs. Roles: seed",
        "and active are to learn from, holdout to test on, canary is one setting repeated.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _replay(session: Session, out: list[_Out]) -> bytes:
    """Return a rig.yaml with which 'rig capture' plays the recordings back as an amp."""
    settings = dict.fromkeys(one.about.capture.setting.values for one in out)
    own = session.config
    changes = {
        "name": f"{own.name[:60]}-replayed",
        "amp": ReplayAmpConfig(driver="replay", settings=tuple(settings)),
        "interface": ReplayInterfaceConfig(driver="replay", takes="."),
    }
    return configuration.dump(own.model_copy(update=changes)).encode()

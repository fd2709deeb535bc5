"""answers.md: every key of a file for ``rig init --answers``, from the guide's own questions."""

from collections.abc import Iterator

import yaml

from rig.guide.flow import flow
from rig.guide.found import Found
from rig.guide.question import Answers, Question
from tools.reference import words

INTRODUCTION = """# Answers for rig init

`rig init --answers FILE` asks nothing and writes the same `rig.yaml` as the guide would, for
scripts and tests. The file is YAML; sections may be nested (`amp: {kind: hand}`) or have dots
(`amp.kind: hand`). What is left out has the default of the question, or what a `rig.yaml` that is
there says. Answers that are missing, will not do or belong to no question are told, all at once,
with exit code 2, and nothing is written. Devices are not looked for: the same answers make the same
file anywhere.

A draft that `rig init` leaves when it is broken off (`rig.yaml.draft`) is such a file.
"""
HEAD = ("key", "asked where", "default", "question")
KINDS = ("midi", "hand", "virtual")
#: What somebody has to say in each of these; drivers of other packages are shown by their keys.
EXAMPLES: dict[str, Answers] = {
    "midi": {
        "amp.kind": "midi",
        "amp.map": "marshall-code",
        "amp.port": "CODE",
        "interface.host_api": "CoreAudio",
        "interface.input": "Scarlett",
    },
    "hand": {
        "amp.kind": "hand",
        "gear.make": "Fender",
        "gear.model": "Deluxe",
        "interface.host_api": "ASIO",
        "interface.input": "Scarlett",
        "knobs": "gain, tone, bright",
        "knobs.gain": "1-12, rest 2, play 3-9",
    },
    "virtual": {"amp.kind": "virtual", "amp.preset": "british"},
}
#: Asked for where a driver of another package is named.
DRIVERS = (
    ("`amp.driver`", "amp.kind: driver", "needed", "Which driver drives the amp?"),
    ("`amp.options`", "amp.kind: driver", "`{}`", "Which options does the amp's driver want?"),
    ("`interface.driver`", "interface.kind: driver", "needed", "Which driver drives it?"),
    ("`interface.options`", "interface.kind: driver", "`{}`", "Which options does it want?"),
)


def example(kind: str) -> str:
    """The YAML of an example."""
    return yaml.safe_dump(EXAMPLES[kind], sort_keys=False, allow_unicode=True)


def walked(kind: str) -> Iterator[Question]:
    """Every question that is asked for a kind of amp."""
    told, given = EXAMPLES[kind], dict[str, str]()
    questions = flow(Found())
    while (question := next((q for q in questions(given) if q.key not in given), None)) is not None:
        yield question
        given[question.key] = question.read(told.get(question.key) or question.default or "1")


def page() -> str:
    """The page."""
    places: dict[str, list[str]] = {}
    rows: dict[str, Question] = {}
    for kind in KINDS:
        for question in walked(kind):
            key = _key(question.key)
            if not question.at_terminal and kind not in places.setdefault(key, []):
                places[key].append(kind)
                rows.setdefault(key, question)
    table = [(f"`{key}`", _where(places[key]), _default(q), _asks(q)) for key, q in rows.items()]
    shown = [f"An example ({kind}):\n\n```yaml\n{example(kind)}```\n" for kind in KINDS]
    return "\n".join([INTRODUCTION, words.table(HEAD, [*table, *DRIVERS]), "", *shown])


def _key(key: str) -> str:
    return "knobs.NAME" if key.startswith("knobs.") else key


def _where(kinds: list[str]) -> str:
    return "always" if len(kinds) == len(KINDS) else "amp.kind: " + ", ".join(kinds)


#: Defaults that follow from something.
FOLLOWING = {
    "gear.make": "the knob map's, or `none`",
    "gear.model": "the knob map's, or `none`",
    "gear.type": "the knob map's, or `amp`",
    "amp.port": "needed",
    "amp.channel": "the knob map's, or `1`",
    "amp.settle_s": "the knob map's, or `0.5`",
    "name": "make and model; needed without",
    "interface.output": "the input's",
    "knobs": "those of the knob map or of the virtual amp, or `gain, bass, middle, treble, volume`",
}


def _default(question: Question) -> str:
    if question.key.startswith("knobs."):
        return "the knob map's, or `0-10`; needed for other knobs with MIDI"
    if question.key in FOLLOWING:
        return FOLLOWING[question.key]
    return "needed" if question.is_needed or question.default is None else f"`{question.default}`"


def _asks(question: Question) -> str:
    asks = question.asks.replace("|", "\\|")
    if question.key.startswith("knobs."):
        asks = "A knob in a line: `0-10, cc 20, limits 0-8, rest 2, play 3-7`; a switch: `off/on`"
    # What is plugged in, and which system it is, makes no difference to the page.
    asks = asks.partition(" None is plugged in")[0]
    listed = () if question.key == "interface.host_api" else question.choices
    values = ", ".join(f"`{choice.value}`" for choice in listed)
    return f"{asks} {values}".strip()

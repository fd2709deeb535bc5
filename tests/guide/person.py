"""Somebody who answers the guide, and devices that nobody has to own."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from rig import config as configuration
from rig.capture import Frames, Levels, Recording
from rig.config import Config
from rig.devices import drivers
from rig.devices.midi.listening import Learnt, Pressed
from rig.devices.protocols import Report
from rig.devices.survey import AudioDevice, MidiPort, Survey
from rig.errors import DeviceGone
from rig.guide import reading
from rig.guide.flow import flow
from rig.guide.found import Found
from rig.guide.guide import accepted, guided
from rig.guide.hardware import Hands, Hardware
from rig.guide.question import Answers

CARD = AudioDevice("CoreAudio", 'Scarlett "18i8"', 18, 8, 44_100)
SPEAKERS = AudioDevice("CoreAudio", "Speakers", 0, 2, 48_000)
PORTS = (MidiPort("MACOSX_CORE", "Amp MIDI 1"), MidiPort("MACOSX_CORE", "Other"))
PLUGGED = Survey((SPEAKERS, CARD), PORTS, ())
NOTHING = Survey((), (), ())


class Dial:
    """An amp's only knob, which writes down where it was set."""

    def __init__(self) -> None:
        self.stood: list[float] = []

    def set(self, value: float) -> None:
        self.stood.append(value)


class Bench(Hardware):
    """Devices that play a cable of so many dB, an amp that sends what it is told to."""

    def __init__(self, found: Survey = NOTHING, gain_db: float = -6.0) -> None:
        self.found, self.gain_db = found, gain_db
        self.learnt: Learnt | None = None
        self.pressed: Pressed | None = None
        self.dial = Dial()
        self.is_there = bool(found.audio)
        self.played: list[tuple[Config, Frames]] = []

    def survey(self) -> Survey:
        return self.found

    def learn(self) -> Learnt | None:
        if not self.found.midi:
            raise DeviceGone("there is no MIDI input to listen to")
        return self.learnt

    def press(self) -> Pressed | None:
        if not self.found.midi_inputs:
            raise DeviceGone("there is no MIDI input to listen to")
        return self.pressed

    @contextmanager
    def amp(self, config: Config) -> Iterator[Hands]:
        if not self.found.midi:
            raise DeviceGone("amp.port: the MIDI port is not there")
        yield self.dial

    def play(self, config: Config, send: Frames, report: Report) -> Recording:
        if not self.is_there:
            raise DeviceGone("the input device is not there")
        self.played.append((config, send))
        back = (10 ** (self.gain_db / 20) * send).astype(np.float32)
        peak = float(20 * np.log10(np.max(np.abs(back)) + 1e-12))
        report(Levels(1.0, -6.0, peak))
        return Recording(back, None)


class Person:
    """Somebody who types some lines, and then nothing but Enter.

    Args:
        typed: The lines.
        bench: What is plugged in.
        most: After so many lines the terminal is closed.
        at: What is typed at questions that have some words in them, one line after the other.
        then: The same, once the lines are used up.
    """

    def __init__(
        self,
        typed: Iterable[str],
        bench: Bench,
        most: int = 300,
        at: Mapping[str, Iterable[str]] | None = None,
        then: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.hardware: Hardware = bench
        self._typed, self._left = list(typed), most
        self._at = {words: list(lines) for words, lines in (at or {}).items()}
        self._then = {words: list(lines) for words, lines in (then or {}).items()}
        self.seen: list[str] = []
        self._question: list[str] = []

    def show(self, text: str) -> None:
        self.seen.append(text)
        # An empty line stands before each question.
        self._question = [*self._question, text] if text else []

    def ask(self, prompt: str) -> str:
        self._left -= 1
        if self._left < 0:
            raise EOFError("\n".join(self.seen[-12:]))
        asked = "\n".join(self._question) + prompt
        places = self._at if self._typed else {**self._at, **self._then}
        lines = next((lines for words, lines in places.items() if words in asked and lines), None)
        waiting = self._typed if lines is None else lines
        typed = waiting.pop(0) if waiting else ""
        self.seen.append(f"{prompt}{typed}")
        return typed

    def meter(self, text: str) -> None:
        if text:
            self.seen.append(text)

    @property
    def transcript(self) -> str:
        return "\n".join(self.seen)


def converse(
    *typed: str,
    found: Survey = NOTHING,
    before: str | None = None,
    bench: Bench | None = None,
    amps: tuple[str, ...] = (),
    interfaces: tuple[str, ...] = (),
    given: Answers | None = None,
    kept: list[Answers] | None = None,
    behind: list[Answers] | None = None,
    most: int = 300,
    at: Mapping[str, Iterable[str]] | None = None,
    then: Mapping[str, Iterable[str]] | None = None,
) -> tuple[str, Person]:
    """Answer the guide, and return the text that it makes and the person who answered."""
    knobs = reading.sections(before)["knobs"] if before is not None else {}
    there = Found(found, amps, interfaces, {name: knob or {} for name, knob in knobs.items()})
    known = reading.answers_of(before, "rig.yaml") if before is not None else {}
    person = Person(typed, bench or Bench(found), most, at, then)

    def keep(given: Answers, known: Answers) -> None:
        """Note what a draft would hold."""
        for notes, answers in ((kept, given), (behind, known)):
            if notes is not None:
                notes.append(dict(answers))

    text = guided(
        person,
        flow(there),
        dict(given or {}),
        known,
        lambda answers: accepted(answers, before, "rig.yaml"),
        keep,
    )
    configuration.parse(text, check=drivers.problems)
    return text, person


def without(survey: Survey, **parts: tuple[()]) -> Survey:
    """The same with some of it unplugged."""
    return replace(survey, **parts)

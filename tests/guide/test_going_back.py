"""Going back, explaining, and a late mistake: nothing that was answered is lost."""

from pathlib import Path

import pytest

from rig import config as configuration
from rig.errors import UsageError
from rig.guide.answers import Draft, resumed
from rig.guide.flow import flow
from rig.guide.found import Found
from rig.guide.guide import blamed
from rig.guide.question import Answers
from tests.guide.person import PLUGGED, Bench, converse

#: What nobody but the person can know.
ENOUGH = {"come back?": ["Card"], "be called?": ["my-amp"]}
HAND = ("hand", "Fender", "Deluxe", "", "", "", "ALSA", "Card")


def test_back_has_the_old_answer_in_brackets_and_enter_keeps_it() -> None:
    text, person = converse(*HAND[:3], "<", "back", "", "Twin", *HAND[3:])
    assert configuration.parse(text).gear.model == "Twin"
    assert "[Fender] > " in person.transcript
    assert "[Deluxe] > Twin" in person.transcript


def test_back_at_the_first_question_says_so_and_asks_it_again() -> None:
    text, person = converse("<", "virtual")
    assert "This is the first question; Ctrl-C leaves." in person.transcript
    assert configuration.parse(text).amp.driver == "virtual"


def test_another_way_forgets_what_only_the_old_way_had() -> None:
    kept: list[Answers] = []
    text, _ = converse(*("midi", "code", "<", "<", "hand"), then=ENOUGH, kept=kept)
    config = configuration.parse(text)
    assert config.amp.driver == "hand"
    assert "amp.map" not in kept[-1]


def test_every_question_explains_itself() -> None:
    _, person = converse("?", then=ENOUGH)
    assert "With MIDI a night needs nobody" in person.transcript
    _, person = converse(*HAND, at={"gain: its range": ["?", "help"]})
    assert person.transcript.count("'limits 0-8' is never exceeded") == 2
    assert "Words that can be typed here as well: 'more'." in person.transcript


def test_a_late_mistake_goes_back_to_its_question_and_the_rest_stays() -> None:
    # Two knobs of one program number are each fine alone.
    given: Answers = {"amp.kind": "hand", "gear.make": "x", "knobs": "a", "knobs.a": "0-10"}
    error = "rig.yaml: 1 mistake\n  knobs.a.cc: controllers ..."
    assert blamed(error, given) == "knobs.a"
    assert blamed("rig.yaml: 1 mistake\n  gear.make: too long", given) == "gear.make"
    assert blamed("rig.yaml: 1 mistake\n  amp.port: is not there", given) == "amp.kind"
    assert blamed("rig.yaml: 1 mistake\n  presets.clean: there is no knob", given) is None
    assert blamed("something else", given) is None


def test_a_line_can_be_asked_part_by_part() -> None:
    more = ("more", "turn", "1-12", "1", "<", "0.5", "1-9", "2", "3-7", "")
    text, person = converse(*HAND, at={"gain: its range": more[:1], "Does gain turn": more[1:2],
        "What does the faceplate": more[2:3], "How far from": more[3:4] + more[5:6],
        "ever be set": more[4:5] + more[6:7], "stand in the end": more[7:8],
        "do players have it": more[8:9]})  # fmt: skip
    knob = configuration.parse(text).knobs["gain"]
    assert (knob.range, knob.step, knob.limits) == ((1, 12), 0.5, (1, 9))
    assert (knob.rest, knob.play) == (2, (3, 7))
    assert "gain: 1-12, step 0.5, limits 1-9, rest 2, play 3-7; Enter takes it." in (
        person.transcript
    )


def test_the_walk_takes_no_part_that_its_line_would_be_refused_for() -> None:
    """'rest 1' below 'limits 2-9' was taken, offered, and refused by Enter."""
    text, person = converse(
        *HAND,
        at={
            "gain: its range": ["more"],
            "What does the faceplate": ["?", "none", "0-10"],
            "How far from": ["3", "?", "none"],
            "ever be set": ["0.5", "2-11", "2-9"],
            "stand in the end": ["1", "2,5", "3"],
            "do players have it": ["1-4", "none"],
        },
    )
    for said in (
        "The numbers printed where the knob stops",
        "For a knob that clicks",
        "step: 3 does not divide the range 0 to 10",
        "limits: must rise and lie within the range 0 to 10",
        "rest: must be a position within 2 to 9",
        "a number has a point, 2.5",
        "play: must lie within the limits 2 to 9",
        "gain: 0-10, limits 2-9, rest 3; Enter takes it.",
    ):
        assert said in person.transcript, said
    # Once at the range, once at the limits; nowhere all that a line can say.
    assert person.transcript.count("two values with a dash between them, please") == 2
    assert "says nothing that is known here" not in person.transcript
    assert configuration.parse(text).knobs["gain"].limits == (2, 9)


def test_back_out_of_the_parts_is_back_at_the_line() -> None:
    text, _ = converse(*HAND, at={"Does gain turn": ["<"], "gain: its range": ["more", "1-5"]})
    assert configuration.parse(text).knobs["gain"].range == (1, 5)


def test_what_was_answered_is_kept_and_gone_on_with(tmp_path: Path) -> None:
    draft = Draft(tmp_path / "möin rig.yaml")
    assert draft.kept() == ({}, {})
    seen: list[Answers] = []
    with pytest.raises(EOFError):
        converse(*HAND, most=9, kept=seen)
    draft.keep(seen[-1], {})
    assert draft.path.name == "möin rig.yaml.draft"
    given = resumed(flow(Found()), draft.kept()[0])
    assert given == seen[-1]
    text, person = converse(given=given)
    assert "Who made the amp?" not in person.transcript
    config = configuration.parse(text)
    assert (config.gear.make, config.name) == ("Fender", "fender-deluxe")
    draft.remove()
    draft.remove()
    assert not draft.path.exists()


def test_who_went_back_and_broke_off_finds_what_was_behind(tmp_path: Path) -> None:
    """A limit that was typed must not turn into none by two times Enter."""
    draft, seen, behind = Draft(tmp_path / "rig.yaml"), list[Answers](), list[Answers]()
    line = "0-10, limits 0-8, rest 1"
    back = {"gain: its range": [line, "<", line], "bass: its range": ["<"]}
    converse(*HAND, at=back, kept=seen, behind=behind)
    # The moment in which the knobs' names were answered once more, and none of their lines.
    moment = next(
        i for i, (one, other) in enumerate(zip(seen, behind, strict=True))
        if "knobs.gain" in other and "knobs.gain" not in one
    )  # fmt: skip
    draft.keep(seen[moment], behind[moment])
    given, known = draft.kept()
    assert given == seen[moment]
    assert "limits 0-8" in known["knobs.gain"]


def test_a_damaged_draft_loses_only_what_is_damaged(tmp_path: Path) -> None:
    draft = Draft(tmp_path / "rig.yaml")
    draft.path.write_text("amp.kind: hand\ngear.make: [\n", encoding="utf-8")
    assert draft.kept() == ({}, {})
    draft.path.write_text("amp.kind: hand\ngear.type: nonsense\ngear.make: A\n", encoding="utf-8")
    assert resumed(flow(Found()), draft.kept()[0]) == {"amp.kind": "hand", "gear.make": "A"}


def test_a_draft_that_cannot_be_kept_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be written"):
        Draft(tmp_path / "file" / "rig.yaml").keep({"amp.kind": "hand"}, {})


def test_the_answers_are_listed_before_anything_is_written() -> None:
    _, person = converse("virtual", at={"That is all": ["show", "?"]})
    assert "  amp.preset: tweed" in person.seen
    assert "Nothing is written before this." in person.transcript


def test_nothing_to_listen_to_and_no_port_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["learn", "move", "0-10, cc 20"]
    text, person = converse(
        *("midi", "", "Own", "Amp", "", "", "", "", "", "", "", "Card"),
        then={"its MIDI controller": [*lines, *(f"cc {n}" for n in range(21, 30))]},
        at={"What shall be tried": ["0-10, cc 20"]},
    )
    assert "there is no MIDI input to listen to" in person.transcript
    assert "the MIDI port is not there" in person.transcript
    assert configuration.parse(text).amp.driver == "midi"
    silent = Bench(PLUGGED)
    _, person = converse(
        *("midi", "", "Own", "Amp"),
        found=PLUGGED,
        bench=silent,
        then={"its MIDI controller": ["learn", *(f"cc {n}" for n in range(21, 30))]},
    )
    assert "Nothing was heard: does the amp send what its knobs do?" in person.transcript

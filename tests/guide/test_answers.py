"""Answers in a file: the same as at the terminal, without questions."""

from pathlib import Path

import pytest

from rig import config as configuration
from rig.devices import drivers
from rig.errors import UsageError
from rig.guide import answers
from rig.guide.flow import flow
from rig.guide.found import Found
from rig.guide.guide import accepted
from rig.guide.question import Answers
from tests.guide.person import converse
from tools.reference import answers as reference

MIDI = """
amp: {kind: midi, port: My Amp, channel: 2}
gear: {make: Marshall, model: DSL}
interface: {host_api: ALSA, input: Scarlett, loopback_channel: none, sample_rate: 96000}
knobs:
  gain: 0-10, cc 20, limits 0-9
  bright: off/on, cc 60
plan: {until: 07:00}
notify.on_alarm: call me
"""


def filled(text: str, folder: Path) -> str:
    path = folder / "answers.yaml"
    path.write_text(text, encoding="utf-8")
    given = answers.fill(flow(Found()), answers.read(path), {}, "answers.yaml")
    return accepted(given, None, "rig.yaml")


def test_sections_may_be_nested_or_have_dots(tmp_path: Path) -> None:
    config = configuration.parse(filled(MIDI, tmp_path), check=drivers.problems)
    assert config.name == "marshall-dsl"
    assert config.amp.port == "My Amp"  # type: ignore[union-attr]
    assert config.interface.loopback_channel is None  # type: ignore[union-attr]
    assert config.knobs["gain"].limits == (0, 9)
    assert config.knobs["bright"].switch == ("off", "on")
    assert config.plan.until == "07:00"
    assert config.notify.on_alarm == ("call", "me")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "needs an answer to 'amp.kind': How are the amp's knobs set?"),
        ("amp.kind: steam", "amp.kind: one of these, please: midi, hand"),
        ("{amp.kind: hand, name: a, interface.host_api: x}", "answer to 'interface.input'"),
        ("{amp.kind: virtual, amp.prot: x}", "'amp.prot' answers nothing that is asked"),
        ("{amp.kind: virtual, amp.prest: x}", "did you mean 'amp.preset'?"),
        (MIDI.replace("cc 20, ", ""), "knobs.gain: its MIDI controller is missing, such as cc 20"),
        (MIDI.partition("knobs")[0] + "knobs: [gain]", "needs an answer to 'knobs.gain'"),
        ("{amp.kind: virtual, plan.captures: 0}", "plan.captures: a whole number from 1 to 10000"),
        ("{amp.kind: virtual, plan.until: 25:00}", "plan.until: such as 07:00, please"),
        ("{amp.kind: virtual, name: a/b}", "name: letters, digits, blanks"),
        ("- a", "holds no answers"),
        ("a: [", "not valid YAML"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_a_line(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        filled(text, tmp_path)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 2


def test_every_mistake_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        filled("{amp.kind: hand, amp.prot: x, plan.captures: 0}", tmp_path)
    first, *more = str(refused.value).splitlines()
    assert first.endswith(": 5 mistakes")
    keys = ["'name'", "'interface.host_api'", "'interface.input'", "plan.captures"]
    for line, key in zip(more, [*keys, "'amp.prot'"], strict=True):
        assert line.startswith("  ")
        assert key in line


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("amp.kind: hands", "did you mean 'hand'?"),
        ("{amp.kind: virtual, amp.preset: twed}", "amp.preset: one of these, please: tweed"),
        (MIDI.replace("0-10, cc 20, limits 0-9", "[0, 10]"), "such as 0-10, cc 20, not [0, 10]"),
        (
            MIDI.replace("0-10, cc 20, limits 0-9", "{limits: [0, 4], cc: 7}"),
            "knobs.gain: a knob is a line of text here, such as 0-10, cc 7, limits 0-4, not {",
        ),
        (
            MIDI.replace("0-10, cc 20, limits 0-9", "{loud: 1}"),
            "such as 0-10, limits 0-8, not {loud: 1}",
        ),
        ("{amp.kind: virtual, knobs: [gain], knobs.gain: [1, 12]}", "such as 1-12, not [1, 12]"),
        (
            "{amp.kind: virtual, knobs: [gain], knobs.gain.limits: [0, 4]}",
            "'knobs.gain.limits': a knob is a line of text here, such as knobs.gain: 0-10",
        ),
    ],
)
def test_what_a_file_should_say_is_told(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        filled(text, tmp_path)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_without_a_kind_of_amp_is_told_what_is_wrong_for_each(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        filled(
            # Options, a port and a preset are answers where the amp is of some kind.
            "{amp: {kind: hands, port: x, options: {}, preset: british, prot: y}, foo: 1, "
            "plan.captures: 0, knobs: {gain: [0, 10]}, gear.make: Own}",
            tmp_path,
        )
    first, *more = str(refused.value).splitlines()
    assert first.endswith(": 5 mistakes")
    assert [line.split()[0].strip(":'") for line in more] == [
        *("amp.kind", "amp.prot", "foo", "plan.captures", "knobs.gain")
    ]


def test_a_file_is_told_no_words_that_only_a_person_can_type(tmp_path: Path) -> None:
    text = MIDI.partition("knobs")[0] + "knobs: [gain, bass]"
    with pytest.raises(UsageError) as refused:
        filled(text, tmp_path)
    _, gain, bass = str(refused.value).splitlines()
    for name, line in (("gain", gain), ("bass", bass)):
        told = "its range and its MIDI controller, such as 0-10, cc 20"
        assert line == f"  needs an answer to 'knobs.{name}': {told}"


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file of answers"):
        answers.read(tmp_path / "nix.yaml")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8 text"):
        answers.read(tmp_path / "binary")
    with pytest.raises(UsageError, match="cannot be read"):
        answers.read(tmp_path)


def test_a_draft_is_a_file_of_answers(tmp_path: Path) -> None:
    kept: list[Answers] = []
    text, _ = converse("hand", "Own", "Amp", "", "", "", "", "Card", kept=kept)
    draft = answers.Draft(tmp_path / "rig.yaml")
    draft.keep(kept[-1], {"amp.port": "behind"})
    given = answers.fill(flow(Found()), answers.read(draft.path), {}, "rig.yaml.draft")
    assert accepted(given, None, "rig.yaml") == text


def test_each_way_that_the_reference_tells_can_be_answered(tmp_path: Path) -> None:
    for kind in reference.KINDS:
        text = filled(reference.example(kind), tmp_path)
        assert configuration.parse(text, check=drivers.problems).amp.driver == kind


def test_the_reference_has_every_key() -> None:
    page = reference.page()
    for kind in reference.KINDS:
        for question in reference.walked(kind):
            key = question.key if not question.key.startswith("knobs.") else "knobs.NAME"
            assert question.at_terminal or f"`{key}`" in page

"""rig.yaml: every mistake at once, each with its key; never a traceback."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rig import config as configuration
from rig import data
from rig.config import Config
from rig.config.dialect import Loader
from rig.devices import drivers
from rig.errors import ConfigError
from rig.printable import is_printable

DEFAULT = data.default_config()


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        configuration.parse(text, check=drivers.problems)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_default_is_accepted_and_the_same_beside_the_project() -> None:
    configuration.parse(DEFAULT, check=drivers.problems)
    root = Path(__file__).parents[2] / "rig.yaml"
    assert root.read_text(encoding="utf-8") == DEFAULT


def test_schema_beside_the_project_is_up_to_date() -> None:
    schema = Path(__file__).parents[2] / "rig.schema.json"
    same = json.loads(schema.read_text(encoding="utf-8")) == configuration.json_schema()
    assert same, "'make docs' writes it anew"


def test_dumped_configuration_loads_to_the_same() -> None:
    loaded = configuration.parse(DEFAULT)
    assert configuration.parse(configuration.dump(loaded)) == loaded


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"plan": {"captures": -3}}, "plan.captures", "has to be at least 1 (it is -3)"),
        ({"plan": {"capturs": 3}}, "plan.capturs", "did you mean 'captures'"),
        ({"knobs": {"gain": {"cc": 128}}}, "knobs.gain.cc", "127"),
        ({"knobs": {"gain": {"range": [0, 1], "step": 2}}}, "knobs.gain.step", "larger"),
        ({"knobs": {"gain": {"range": [5, 1]}}}, "knobs.gain.range", "lower"),
        ({"knobs": {"gain": {"cc": 3}, "tone": {"cc": 3}}}, "knobs.tone", "CC 3"),
        ({"knobs": {"gain": {"limits": [0, 99]}}}, "knobs.gain.limits", "within"),
        ({"knobs": {"gain": {"avoid": [[0, 10]]}}}, "knobs.gain.avoid", "nothing is left"),
        ({"knobs": {"gain": {"rest": 11}}}, "knobs.gain.rest", "within"),
        ({"knobs": {"x": {"switch": ["on"]}}}, "knobs.x.switch", "at least 2"),
        ({"knobs": {"x": {"switch": ["a", "A"]}}}, "knobs.x.switch", "name of its own"),
        ({"knobs": {"fuzz": {}}}, "knobs.fuzz", "no control 'fuzz'"),
        ({"amp": {"preset": "twed"}}, "amp.preset", "no 'twed'"),
        ({"amp": {"driver": "robot"}}, "amp.driver", "no 'robot'"),
        ({"plan": {"until": "25:00"}}, "plan.until", "as it has to be"),
        ({"plan": {"captures": None}}, "plan.captures", "plan.until"),
        ({"learner": {"size": "huge"}}, "learner.size", "standard"),
        ({"learner": {"architecture": "lstm"}}, "learner.size", "1x24"),
        ({"name": "../up"}, "name", "as it has to be"),
        ({"seed": float("inf")}, "seed", "finite"),
        ({"gear": {"type": "amplifier"}}, "gear.type", "amp_cab"),
        ({"gear": {"tone": "nice"}}, "gear.tone", "hi_gain"),
        ({"gear": {"maker": "Acme"}}, "gear.maker", "did you mean"),
        ({"presets": {"lead": {"gian": 3}}}, "presets.lead.gian", "did you mean 'gain'?"),
        ({"presets": {"lead": {"gain": "loud"}}}, "presets.lead.gain", "1 to 12"),
        ({"presets": {"lead": {"gain": 99}}}, "presets.lead.gain", "cannot be '99': it takes"),
        ({"presets": {"../up": {"gain": 3}}}, "presets.../up", "letters, digits"),
        (
            {"interface": {"faults": [{"take": 1, "kind": "stuck"}]}},
            "interface.faults.0.knob",
            "stuck",
        ),
    ],
)
def test_each_mistake_names_its_key(change: dict[str, object], key: str, says: str) -> None:
    document = yaml.safe_load(DEFAULT)
    message = refused(yaml.safe_dump({**document, **change}))
    assert f"  {key}: " in message
    assert says in message


def test_all_mistakes_are_told_at_once() -> None:
    message = refused("nam: x\nplan: {captures: 0, seeds: 1}\nknobs: {gain: {cc: 200}}")
    for key in ("nam", "plan.captures", "plan.seeds", "knobs.gain.cc"):
        assert f"  {key}: " in message


def test_one_mistake_does_not_hide_another() -> None:
    """What spans keys, and what drivers know, is looked at in what is left."""
    text = """
        amp: {driver: midi, port: M, channel: 77}
        knobs: {gain: {cc: 20}, tone: {cc: 20, range: [3, 1]}, bass: {}}
        interface: {driver: soundcard, host_api: A, input: B, output: C, sample_rate: 1,
          send_channel: 1, return_channel: 2, loopback_channel: 2, loopback_send_channel: 2}
        """
    message = refused(text)
    for said in ("amp.channel", "knobs.tone.range", "interface.sample_rate", "knobs.bass",
                 "knobs.tone: ", "interface.loopback_channel"):  # fmt: skip
        assert f"  {said}" in message, message
    assert len(message.splitlines()) == 7


def test_what_only_follows_from_a_mistake_is_not_told() -> None:
    # Without its driver the amp would be a virtual one, which has no such knobs.
    text = "amp: {driver: 7, port: M}\nknobs: {loudness: {cc: 999}}\ninterface: {driver: virtual}"
    said = [line.split(":")[0].strip() for line in refused(text).splitlines()[1:]]
    assert said == ["amp.driver", "amp.port", "knobs.loudness.cc"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "a: [",
        "\t",
        "a: *b",
        "knobs: {gain: {}, gain: {}}",
        "!!python/name:os.system",
        "? [1]\n: 2",
        "{[a]: b}",
    ],
)
def test_what_is_no_configuration_is_refused(text: str) -> None:
    assert refused(text)


def test_off_and_on_are_names_not_booleans() -> None:
    document = "knobs: {x: {switch: [off, on], rest: on, control: boost}}\namp: {preset: modern}"
    knob = configuration.parse(document, check=drivers.problems).panel.knobs[0]
    assert knob.labels == ("off", "on")
    assert knob.rest == 1.0


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("plan: {until: 17:00}", lambda config: config.plan.until == "17:00"),
        ("plan: {captures: 010}", lambda config: config.plan.captures == 10),
        ("name: 2026-11-26", lambda config: config.name == "2026-11-26"),
        ("seed: 0x1f", lambda config: config.seed == 31),
        ("checks: {replicate_esr: 1.5e-3}", lambda config: config.checks.replicate_esr == 0.0015),
        ("plan: {until: }", lambda config: config.plan.until is None),
    ],
)
def test_values_are_read_as_they_look(line: str, read: Callable[[Config], bool]) -> None:
    assert read(configuration.parse(f"knobs: {{gain: {{}}}}\n{line}\n"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("plan: {until: 7:00}", "(it is '7:00'); such as 07:00"),
        ("name: 12", "in quotes it is one: '12'"),
        ("name: a/b", "(it is 'a/b'); such as my-amp"),
    ],
)
def test_what_does_not_fit_is_told_with_what_would(line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        configuration.parse(f"knobs: {{gain: {{}}}}\n{line}\n")


TEXTS = st.one_of(
    st.text("0123456789:.-+exoyntrufals_ T", max_size=9), st.text(max_size=12).filter(is_printable)
)


@given(label=TEXTS, number=st.floats(0, 1e6), seed=st.integers(0, 2**31 - 1))
def test_what_is_stored_is_read_back_as_it_was(label: str, number: float, seed: int) -> None:
    document = {"label": label, "number": number, "seed": seed}
    stored = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    assert yaml.load(stored, Loader=Loader) == document


def test_schema_knows_every_section() -> None:
    schema = configuration.json_schema()
    assert set(yaml.safe_load(DEFAULT)) <= set(schema["properties"])
    assert json.loads(json.dumps(schema)) == schema
    assert schema["additionalProperties"] is False


def test_missing_and_binary_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="rig init"):
        configuration.load(tmp_path / "none.yaml")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        configuration.load(tmp_path / "binary")


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(-5, 200), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def _paths(node: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(node, dict):
        return [path]
    inner = [p for key, value in node.items() for p in _paths(value, (*path, key))]
    return [path, *inner] if path else inner


PATHS = _paths(yaml.safe_load(DEFAULT))


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, set[str]]:
    """The default with one to three values replaced or keys renamed, and the keys touched."""
    document = yaml.safe_load(DEFAULT)
    touched = set()
    for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3, unique=True)):
        node = document
        for key in path[:-1]:
            node = node.get(key) if isinstance(node, dict) else None
        if not isinstance(node, dict) or path[-1] not in node:
            continue
        if draw(st.booleans()):
            node[path[-1]] = draw(LEAVES)
            touched.add(path[0])
        else:
            name = draw(st.text("abcdefgh", min_size=1, max_size=6))
            node[name] = node.pop(path[-1])
            touched |= {path[0], name}
    return yaml.safe_dump(document), touched


@settings(
    max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(mutated())
@example(("knobs: {gain: {range: [0, 1.0e308]}}", {"knobs"}))
@example(("knobs: {gain: {range: [-1.0e308, 1.0e308]}}", {"knobs"}))
@example(("knobs: {gain: {range: [0, 1.0e-300]}}", {"knobs"}))
def test_hundreds_of_mutations_are_accepted_or_explained(case: tuple[str, set[str]]) -> None:
    text, touched = case
    try:
        configuration.parse(text, check=drivers.problems)
    except ConfigError as error:
        lines = str(error).splitlines()[1:]
        assert lines, str(error)
        assert all(line.split(":")[0].split(".")[0].strip() in touched for line in lines), error

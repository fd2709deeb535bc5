"""A session whose own rig.yaml was edited: that is said, and no advice ruins its journal."""

from pathlib import Path

import pytest
import yaml

from rig.errors import ConfigChanged, SessionError
from rig.session.folder import Session
from rig.session.repair import repair
from rig.session.verify import verify
from tests.cli.test_cli import rig


@pytest.mark.parametrize(
    ("knob", "now"),
    [("gain", {"range": [1, 4]}), ("tone", {"switch": ["dark", "bright"]}), ("gain", None)],
)
def test_knobs_that_were_changed_are_no_damage_of_the_journal(
    copied: Path, knob: str, now: dict[str, object] | None
) -> None:
    path = copied / "rig.yaml"
    kept = path.read_bytes()
    changed(path, knob, now)
    for look in (Session.view, Session.open, repair):
        with pytest.raises(ConfigChanged, match=r"rig\.yaml: was changed since the session began"):
            look(copied)
    path.write_bytes(kept)
    session = Session.view(copied)
    assert verify(session).sound
    session.close()
    assert not (copied / "damaged").exists()


def changed(path: Path, knob: str, now: dict[str, object] | None) -> None:
    """Change a knob, or take it out."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["knobs"].pop(knob)
    if now is not None:
        document["knobs"] = {knob: now, **document["knobs"]}
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def test_a_journal_that_is_damaged_says_so(copied: Path) -> None:
    """The same words for both would send whoever has a bad disk after an edit nobody made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rig.session.plausible.Plausible._wrong", lambda *_: "says what cannot be")
        with pytest.raises(SessionError, match="verify --repair") as caught:
            Session.view(copied)
    assert not isinstance(caught.value, ConfigChanged)


def test_the_command_line_says_what_to_do(copied: Path) -> None:
    changed(copied / "rig.yaml", "gain", {"range": [1, 4]})
    for words in (("status",), ("verify",), ("verify", "--repair"), ("export",)):
        done = rig(*words, copied, *(["x.nam"] if words == ("export",) else []))
        assert "put it back as it was" in done.stderr
        assert "--repair" not in done.stderr
        assert done.returncode == 1

"""Sessions made by earlier rigs open, verify, export and go on, whatever has changed since."""

import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rig import config as configuration
from rig.cli import app
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.errors import ConfigError
from rig.session.folder import Session, stored_config
from rig.session.status import status
from rig.session.verify import verify

DATA = Path(__file__).parents[1] / "data"
#: Each stored session: its archive, its folder in there, how many captures it has, its knobs.
STORED = {
    "schema 2, tensors by their former names": ("session-schema-2.tar.gz", "session-schema-2", 3),
}


@pytest.fixture(params=list(STORED.values()), ids=list(STORED))
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, int]:
    archive, name, captures = request.param
    with tarfile.open(DATA / archive) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / name, captures


def test_it_opens_verifies_and_exports(stored: tuple[Path, int], tmp_path: Path) -> None:
    folder, captures = stored
    session = Session.view(folder)
    now = status(session)
    assert now.state == "finished"
    assert now.captures["kept"] == captures
    assert verify(session).sound
    session.close()
    target = tmp_path / "out.nam"
    done = CliRunner().invoke(app, ["export", str(folder), str(target), "--at", "gain=5"])
    assert done.exit_code == 0, done.output
    assert target.stat().st_size > 1_000


def test_it_goes_on(stored: tuple[Path, int]) -> None:
    """Its signal has no stretch that is played twice, and its takes none of the later figures."""
    folder, captures = stored
    config = configuration.load(folder / "rig.yaml")
    ending = capture(Request(folder, captures=captures + 1), config)
    assert ending.reason == f"all {captures + 1} captures are recorded"
    session = Session.view(folder)
    assert verify(session).sound
    assert session.state.learning.model is not None
    session.close()


def test_what_only_newer_versions_refuse_keeps_no_session_shut(tmp_path: Path) -> None:
    text = """
name: old
amp: {driver: midi, port: anything}
interface:
  {driver: soundcard, host_api: any, output: out, input: in, return_channel: 2, loopback_channel: 2}
knobs:
  gain: {cc: 121}
  tone: {nrpn: 5}
  bass: {cc: 38}
  voice: {switch: [a, b, c], program: 126}
"""
    (tmp_path / "rig.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="4 mistakes"):
        configuration.load(tmp_path / "rig.yaml")
    assert stored_config(tmp_path).knobs["gain"].cc == 121

"""Recordings that somebody has deleted are missed before anything is played."""

from pathlib import Path

import pytest

from rig.capture import Role
from rig.daemon.request import CommandLine, decide
from rig.errors import SessionError
from rig.session.folder import Session
from rig.session.repair import repair


@pytest.mark.parametrize("role", [Role.SEED, Role.CANARY])
@pytest.mark.parametrize("spoil", ["unlink", "truncate"])
def test_a_capture_says_so_with_the_command_that_mends_it(
    copied: Path, role: Role, spoil: str
) -> None:
    session = Session.view(copied)
    about = session.state.kept(role)[-1]
    session.close()
    assert about.kept is not None
    assert about.kept.aligned is not None
    path = copied / about.kept.aligned.path
    if spoil == "unlink":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:1_000])
    with pytest.raises(SessionError, match=f"'rig verify --repair {copied}' sets aside") as caught:
        decide(CommandLine(session=copied), lambda _: [])
    assert path.name in str(caught.value)
    # What it says mends it.
    repair(copied)
    request, _ = decide(CommandLine(session=copied), lambda _: [])
    assert request.session == copied

"""What travels is what a job needs, each file once, and what is rebuilt learns to the same bit."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.networks.spec import load_model
from rig.elsewhere.cache import Cache
from rig.elsewhere.parts import Parts, digest_of, parts_of
from rig.elsewhere.rebuilt import missing, rebuilt
from rig.elsewhere.workshop import Workshop
from rig.errors import SessionError
from rig.learner.client import Job
from rig.learner.rounds import learn
from rig.session.folder import Session

ROUND, FINAL = Job(final=False, round=3, count=2), Job(final=True, round=2)


def filled(cache: Cache, session: Session, parts: Parts) -> list[str]:
    """Send everything that is missing; the names of what was sent."""
    wanted, sent = set(missing(parts, cache)), []
    for file in parts.every_file:
        if file.sha256 in wanted:
            content = session.door.read(file.path, file.size)
            cache.put(digest_of(content), content)
            sent.append(file.path)
            wanted.discard(file.sha256)
    return sent


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache.at(tmp_path / "cache")


def test_a_job_travels_as_text_and_comes_back_the_same(finished: Path) -> None:
    session = Session.view(finished)
    parts = parts_of(session, ROUND, 2)
    session.close()
    there = Parts.unpacked(parts.packed())
    assert there == parts
    assert there.key == parts.key
    assert replace(parts, checkpoints=parts.files[:1]).key == parts.key
    assert replace(parts, job=FINAL).key != parts.key


@pytest.mark.parametrize(("job", "canaries", "ends"), [(ROUND, 0, 0), (FINAL, 2, 3)])
def test_no_raw_recording_travels_nor_what_nobody_learns_from(
    finished: Path, job: Job, canaries: int, ends: int
) -> None:
    session = Session.view(finished)
    paths = [file.path for file in parts_of(session, job, 1).files]
    session.close()
    # Eight to learn from, two to test on; a final model is tested at each knob's lowest, too.
    assert sum(path.startswith("captures/") for path in paths) == 10 + canaries + ends
    others = [path for path in paths if not path.startswith("captures/")]
    assert others == ["signal/send.wav", "rounds/002/ensemble.safetensors"]


def test_what_is_rebuilt_learns_to_the_same_bit(copied: Path, cache: Cache) -> None:
    session = Session.view(copied)
    parts = parts_of(session, ROUND, 1)
    filled(cache, session, parts)
    with rebuilt(parts, cache) as there:
        assert there.state == session.state
        theirs = learn(there, ROUND.round, ROUND.count, lambda _: None)
        weights, _ = load_model(there.stored(theirs.ensemble))
        gone = there.folder
    ours = learn(session, ROUND.round, ROUND.count, lambda _: None)
    own, _ = load_model(session.stored(ours.ensemble))
    session.close()
    assert theirs.model_copy(update={"seconds": ours.seconds}) == ours
    for name, tensor in own.state_dict().items():
        assert np.array_equal(tensor.numpy(), weights.state_dict()[name].numpy())
    assert not gone.exists()


def test_a_later_round_sends_new_takes_only(finished: Path, cache: Cache) -> None:
    """The takes of two rounds, as if the second batch had not been there at the first."""
    session = Session.view(finished)
    whole = parts_of(session, ROUND, 1)
    before = replace(whole, files=whole.files[:-3])
    assert len(filled(cache, session, before)) == len(before.files)
    assert filled(cache, session, whole) == [file.path for file in whole.files[-3:]]
    assert filled(cache, session, whole) == []
    session.close()


def test_what_a_disk_has_changed_is_asked_for_again(finished: Path, cache: Cache) -> None:
    session = Session.view(finished)
    parts = parts_of(session, ROUND, 1)
    filled(cache, session, parts)
    spoilt = parts.files[2]
    (cache.door.path / "files" / spoilt.sha256).write_bytes(b"\0" * spoilt.size)
    with pytest.raises(SessionError, match="has not come"), rebuilt(parts, cache):
        pass
    assert missing(parts, cache) == [spoilt.sha256]
    assert filled(cache, session, parts) == [spoilt.path]
    session.close()


def test_what_a_killed_job_left_is_taken_away_by_the_next(finished: Path, cache: Cache) -> None:
    session = Session.view(finished)
    parts = parts_of(session, ROUND, 1)
    filled(cache, session, parts)
    session.close()
    work = cache.door.path / "work"
    left = work / "left"
    left.mkdir(parents=True)
    (work / "left.lock").touch()
    with rebuilt(parts, cache) as first:
        assert not left.exists()
        # Whoever is at work is left alone.
        with rebuilt(parts, cache) as second:
            assert first.folder.exists()
            assert second.folder != first.folder
    assert [path.name for path in work.iterdir() if path.is_dir()] == []


def test_what_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    cache = Cache.at(tmp_path / "cache", most_bytes=250)
    contents = [bytes([n]) * 100 for n in range(3)]
    for age, content in enumerate(contents[:2]):
        cache.put(digest_of(content), content)
        at = 1_000_000_000 + age
        os.utime(cache.door.path / "files" / digest_of(content), (at, at))
    cache.put(digest_of(contents[2]), contents[2])
    left = set(cache.door.names("files"))
    assert left == {digest_of(content) for content in contents[1:]}


def test_a_job_that_was_done_is_not_done_again(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer may be lost on its way; whoever asks again is given the same one."""
    monkeypatch.setenv("RIG_ELSEWHERE", str(tmp_path / "there"))
    session = Session.view(finished)
    parts = parts_of(session, ROUND, 1)
    answers = []
    for _ in range(2):
        workshop = Workshop()
        workshop.expect(parts.packed())
        for file in parts.every_file:
            workshop.take(session.door.read(file.path, file.size))
        answers.append(workshop.work())
    session.close()
    assert answers[0] == answers[1]
    assert '"fact"' in answers[0]


def test_what_cannot_be_learnt_is_an_answer_and_a_sick_machine_is_none(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_ELSEWHERE", str(tmp_path / "there"))
    session = Session.view(finished)
    whole = parts_of(session, ROUND, 1)
    few = replace(whole, facts=whole.facts[:4], files=whole.files[:1])
    workshop = Workshop()
    workshop.expect(few.packed())
    workshop.take(session.door.read(few.files[0].path, few.files[0].size))
    assert "too few to learn from" in workshop.work()
    assert workshop.work().startswith('{"failed"')
    # Nothing was sent of it: this place cannot do it, and another may.
    workshop.expect(whole.packed())
    session.close()
    assert workshop.work().startswith('{"trouble"')

"""What a job needs of a session, and what comes back of it: plain JSON, and files by their hash."""

import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, Self

from rig.capture import Role
from rig.config.load import MAX_BYTES
from rig.errors import SessionError
from rig.learner.client import Answer, Job
from rig.printable import pasteable
from rig.session import schema, staging, store
from rig.session.door import Door
from rig.session.facts import FACT, Fact, ModelTrained, RoundLearned, StoredFile
from rig.session.fields import LATEST
from rig.session.folder import Session
from rig.session.layout import CONFIG
from rig.session.pots import open_ends

ROUNDS, RATE = "rounds", "rounds/rate.txt"
#: A checkpoint of training, which another process goes on from.
CHECKPOINT = re.compile(r"rounds/(unfinished|finished)-[0-9a-f]{16}\.pt")
#: What a job may write; nothing else that comes back is let into a session.
_ROUND = re.compile(r"rounds/(\d{3,9})/(ensemble\.safetensors|proposals\.json)")
_MODEL = re.compile(re.escape(staging.NEXT) + r"/[a-z]+\.(safetensors|nam|json)")
#: Facts of a long night as JSON, and one file.
MOST_TOLD_BYTES, MOST_FILE_BYTES = 500_000_000, store.MOST_STORED_BYTES


def digest_of(content: bytes) -> str:
    """Return the name that content has wherever it is kept."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Parts:
    """Everything that a job is made of, but for the content of files.

    Attributes:
        job: What is to be done.
        config: The session's ``rig.yaml`` as text.
        facts: Each with its time.
        files: What of the session is needed, by name, hash and size.
        checkpoints: Of a training that was broken off.
        threads: What training may use where the configuration leaves it open.
        gpu: Whether a graphics processor was asked for.
        variant: Of several final models, which: each has a seed of its own.
        rig: The version that asks.
    """

    job: Job
    config: str
    facts: tuple[tuple[float, Fact], ...]
    files: tuple[StoredFile, ...]
    checkpoints: tuple[StoredFile, ...]
    threads: int
    gpu: bool
    rig: str
    variant: int = 0

    @property
    def every_file(self) -> tuple[StoredFile, ...]:
        """What has to be there before the job can begin."""
        return (*self.files, *self.checkpoints)

    @property
    def key(self) -> str:
        """The same for every attempt at the same job, however far an earlier one came."""
        return digest_of(self._text(with_checkpoints=False).encode())

    def _text(self, *, with_checkpoints: bool) -> str:
        document = {
            "rig": self.rig,
            "job": asdict(self.job),
            "threads": self.threads,
            "gpu": self.gpu,
            "variant": self.variant,
            "config": self.config,
            # As the journal holds them: a time by its repr reads back as the very same number.
            "facts": [[at, schema.body(fact)] for at, fact in self.facts],
            "files": [file.model_dump() for file in self.files],
            "checkpoints": [f.model_dump() for f in self.checkpoints if with_checkpoints],
        }
        return json.dumps(document)

    def packed(self) -> bytes:
        """Return it as it travels."""
        return zlib.compress(self._text(with_checkpoints=True).encode())

    @classmethod
    def unpacked(cls, content: bytes) -> Self:
        """Read what `packed` has written.

        Raises:
            ValueError: It is none of ours.
        """
        stream = zlib.decompressobj()
        told = json.loads(stream.decompress(content, MOST_TOLD_BYTES))
        files, checkpoints = (
            tuple(StoredFile.model_validate(each) for each in told[key])
            for key in ("files", "checkpoints")
        )
        facts = tuple((float(at), FACT.validate_json(body)) for at, body in told["facts"])
        if any(not 0 <= at <= LATEST for at, _ in facts):
            raise ValueError("a fact at no time")
        job, config = Job(**told["job"]), str(told["config"])
        threads, gpu = int(told["threads"]), bool(told["gpu"])
        rig, variant = str(told["rig"]), int(told["variant"])
        return cls(job, config, facts, files, checkpoints, threads, gpu, rig, variant)


def parts_of(session: Session, job: Job, threads: int, gpu: bool = False) -> Parts:
    """Gather what a job needs: no raw recording, no log, nothing of other rounds.

    Raises:
        SessionError: Something of the session cannot be read.
    """
    config = session.door.read(CONFIG, MAX_BYTES).decode()
    told = tuple((entry.at, entry.fact) for entry in session.journal.entries())
    files, checkpoints = tuple(_files(session, job)), tuple(_checkpoints(session.door))
    return Parts(job, config, told, files, checkpoints, threads, gpu, version("rig-capture"))


def _files(session: Session, job: Job) -> Iterator[StoredFile]:
    assert session.state.created is not None
    yield session.state.created.signal
    roles = [Role.SEED, Role.ACTIVE, Role.HOLDOUT]
    captures = session.state.kept(*roles)
    canaries = session.state.kept(Role.CANARY)
    if job.final:
        # The amp's own repeatability is told by the first and the last; looks are tests.
        captures += [*canaries[:1], *canaries[1:][-1:]]
        config = session.config
        ends = open_ends(session.state, config.panel, config.learner.audible_range_db)
        captures += [about for _, about in ends]
    for about in captures:
        if about.kept is not None and about.kept.aligned is not None:
            yield about.kept.aligned
    rounds = session.state.learning.rounds
    # One that is damaged is no ensemble: training starts anew, there as here.
    if rounds and store.problem(session.door, rounds[-1].ensemble) is None:
        yield rounds[-1].ensemble
    yield from _there(session.door, RATE)


def _checkpoints(door: Door) -> Iterator[StoredFile]:
    for name in door.names(ROUNDS):
        if CHECKPOINT.fullmatch(f"{ROUNDS}/{name}"):
            yield from _there(door, f"{ROUNDS}/{name}")


def _there(door: Door, name: str) -> Iterator[StoredFile]:
    try:
        yield stored_as(name, door.read(name, MOST_FILE_BYTES))
    except SessionError:
        # What cannot be read is not there, as for a learner beside the capture.
        return


def stored_as(name: str, content: bytes) -> StoredFile:
    """Return what has to be known of content under a name."""
    return StoredFile(path=name, sha256=digest_of(content), size=len(content))


def content_of(door: Door, file: StoredFile) -> bytes:
    """Return what a file holds, which is what was said of it.

    Raises:
        SessionError: It is another file by now, or cannot be read.
    """
    content = door.read(file.path, max(file.size, 1))
    if digest_of(content) != file.sha256:
        advice = pasteable("'rig verify' says more", door.path)
        raise SessionError(f"{door.path / file.path}: is not what was kept; {advice}")
    return content


def may_write(job: Job, name: str) -> bool:
    """Return whether a job may leave a file of this name in the session."""
    if CHECKPOINT.fullmatch(name):
        return True
    if job.final:
        return _MODEL.fullmatch(name) is not None
    found = _ROUND.fullmatch(name)
    return name == RATE or (found is not None and int(found[1]) == job.round)


def answer_of(job: Job, told: Any, files: dict[str, StoredFile]) -> Answer:
    """Return the fact that answers a job, if it is one and every file that it names has come.

    Raises:
        ValueError: It is no answer to this job.
    """
    fact = FACT.validate_python(told)
    if isinstance(fact, ModelTrained) and job.final:
        named = fact.files
    elif isinstance(fact, RoundLearned) and not job.final:
        named = (fact.ensemble,)
        if fact.round != job.round:
            raise ValueError(f"round {fact.round} is not round {job.round}")
    else:
        raise ValueError(f"a {fact.kind} answers nothing that was asked")
    for file in named:
        place = staging.staged(file.path) if job.final else file.path
        came = files.get(place)
        if came is None or (came.sha256, came.size) != (file.sha256, file.size):
            raise ValueError(f"{file.path} has not come as the answer names it")
    return fact

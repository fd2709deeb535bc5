"""The facts a session is made of: what the journal holds, one JSON object a row.

A fact is never changed and never taken back; `rig.session.state` folds them into what is so now.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter

from rig.capture import Command, Outcome, Role
from rig.printable import Words
from rig.session.fields import LATEST, Digest, InnerPath, Number, Seconds, Since, Time, Values


class _Fact(BaseModel):
    # Forbidden, so that a newer rig's field is told from damage, and not dropped in silence. A
    # figure may be infinite, such as the ESR against silence, and plain JSON has no number for it.
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")

    #: The schema that first knew the kind, and those that first knew some values of its fields.
    since: ClassVar[int] = 1
    values_since: ClassVar[dict[tuple[str, Any], int]] = {}


class StoredFile(_Fact):
    """A file in the session folder and what it must contain."""

    path: InnerPath
    sha256: Digest
    size: Annotated[int, Field(ge=0, lt=2**40)]


class SegmentFact(_Fact):
    """A stretch of the signal, in frames."""

    part: Words
    start: Number
    frames: Number

    @property
    def stop(self) -> int:
        """The frame after the last one."""
        return self.start + self.frames


class SessionCreated(_Fact):
    """The first fact: what is played, and with which knobs."""

    kind: Literal["session-created"] = "session-created"
    rig_version: Words
    sample_rate: Annotated[int, Field(ge=8_000, le=192_000)]
    signal: StoredFile
    segments: tuple[SegmentFact, ...]
    config: StoredFile


class DaemonStarted(_Fact):
    """A capture daemon took the session up, with these goals.

    ``asked_at`` is when somebody asked: started again for the same, it goes on with what was said.
    """

    kind: Literal["daemon-started"] = "daemon-started"
    pid: Annotated[int, Field(ge=0, lt=2**32)]
    captures: Number | None
    until: Time | None
    lockstep: bool
    paced: bool
    asked_at: Annotated[Time | None, Since(3)] = None


class DaemonEnded(_Fact):
    """The capture daemon laid the session down, and why."""

    values_since: ClassVar[dict[tuple[str, Any], int]] = {("state", "stopped"): 3}

    kind: Literal["daemon-ended"] = "daemon-ended"
    state: Literal["finished", "stopped", "failed"]
    reason: Words


class CommandGiven(_Fact):
    """Somebody asked for something from another terminal, or pressed Ctrl-C."""

    kind: Literal["command-given"] = "command-given"
    command: Command


class HandsSet(_Fact):
    """Somebody says that the knobs turned by hand stand at these values, in the panel's order."""

    kind: Literal["hands-set"] = "hands-set"
    values: Values


class CaptureOrdered(_Fact):
    """A setting is to be recorded."""

    values_since: ClassVar[dict[tuple[str, Any], int]] = {("role", Role.LOOK): 3}

    kind: Literal["capture-ordered"] = "capture-ordered"
    capture: Number
    role: Role
    values: Values
    round: Number


class CaptureAbandoned(_Fact):
    """A setting is given up for good."""

    kind: Literal["capture-abandoned"] = "capture-abandoned"
    capture: Number
    why: Words


class TakeBegun(_Fact):
    """The amp is dialled for a take, and playing begins."""

    kind: Literal["take-begun"] = "take-begun"
    take: Number
    capture: Number


class ReasonFact(_Fact):
    """One thing that was wrong with a take."""

    check: Words
    figure: float
    limit: float
    sentence: Words


class TakeEnded(_Fact):
    """How a take ended; what was kept is on disk before this is written.

    ``died`` where the audio process died or hung in it: that may be the setting's doing.
    """

    kind: Literal["take-ended"] = "take-ended"
    take: Number
    capture: Number
    outcome: Outcome
    figures: dict[Words, float] = {}
    reasons: tuple[ReasonFact, ...] = ()
    raw: StoredFile | None = None
    aligned: StoredFile | None = None
    played_s: Seconds = 0.0
    died: Annotated[bool, Since(3)] = False


class CapturesSuspected(_Fact):
    """What was kept of some captures is not trusted any more: they are to be recorded again.

    ``alone`` where each is odd by itself and the amp is not: kept only once another take agrees.
    """

    kind: Literal["captures-suspected"] = "captures-suspected"
    captures: tuple[Number, ...]
    why: Words
    alone: bool = False


class ProcessDied(_Fact):
    """One of rig's processes ended without a word, or hung and was ended; it is started anew."""

    kind: Literal["process-died"] = "process-died"
    process: Literal["supervisor", "daemon", "audio", "learner"]
    why: Words


class ClockJumped(_Fact):
    """The machine slept, or its clock was set: by so many seconds more than have gone by."""

    kind: Literal["clock-jumped"] = "clock-jumped"
    seconds: Annotated[float, Field(ge=-LATEST, le=LATEST)]
    until: Annotated[Time | None, Since(3)] = None


class FilesSetAside(_Fact):
    """Files were not as they were kept and lie in ``damaged/`` now; the plan makes them anew."""

    kind: Literal["files-set-aside"] = "files-set-aside"
    paths: tuple[InnerPath, ...]
    takes: tuple[Number, ...]


class Notified(_Fact):
    """A program of the user's was told of something; None where it could not be run."""

    kind: Literal["notified"] = "notified"
    event: Literal["finish", "alarm"]
    exit_code: Annotated[int, Field(ge=-(2**32), le=2**32)] | None


class DeviceTrouble(_Fact):
    """The amp or the interface was lost, or came back."""

    kind: Literal["device-trouble"] = "device-trouble"
    back: bool
    why: Words


class DevicesOpened(_Fact):
    """The devices were opened anew within a run: the round trip is another one."""

    since: ClassVar[int] = 3

    kind: Literal["devices-opened"] = "devices-opened"
    why: Words


class FoundError(_Fact):
    """What the last round's ensemble expected of a capture that it asked for, and what it got.

    ``disagreement`` is its members' relative variance there, ``level_error`` what their level
    seemed off by, ``common`` their mean ESR on settings that they had learnt, and ``found`` their
    ESR on this one; on guitar that they had not heard.
    """

    capture: Number
    disagreement: Annotated[
        float, Field(validation_alias=AliasChoices("disagreement", "expected"))
    ]  # once journaled as what was expected, when nothing was common
    found: float
    common: float = 0.0
    level_error: Annotated[float, Since(3)] = 0.0

    def expects(self, calibration: float | None) -> float:
        """The ESR that was to be expected, if a disagreement stands for so much error."""
        return self.common + self.disagreement * (1.0 if calibration is None else calibration)


class RoundLearned(_Fact):
    """The learner trained on what there is and asked for the next settings.

    ``disagreement`` is the members' relative variance where they ask, ``level_errors`` what their
    levels seem off by there, as an ESR, ``common_esr`` their ESR on what they have learnt, and
    ``factor`` what all three together are multiplied by to be what is expected.
    """

    kind: Literal["round-learned"] = "round-learned"
    round: Number
    strategy: Words
    values: tuple[Values, ...]
    disagreement: tuple[float, ...]
    learnt_from: tuple[Number, ...]
    ensemble_esr: float
    holdout_esr: float | None
    seconds: Seconds
    ensemble: StoredFile
    found: tuple[FoundError, ...] = ()
    calibration: float | None = None
    expected_esr: float | None = None
    odd: Annotated[tuple[tuple[Number, Seconds], ...] | None, Since(3)] = None
    common_esr: Annotated[float | None, Since(3)] = None
    factor: Annotated[float, Since(3)] = 1.0
    level_errors: Annotated[tuple[float, ...] | None, Since(3)] = None

    def expects(self, disagreement: float, level_error: float = 0.0) -> float:
        """The ESR to be expected where members disagree so much and seem off in level so much."""
        if self.common_esr is None:
            slope = 1.0 if self.calibration is None else self.calibration
            return self.ensemble_esr + disagreement * slope
        return (self.common_esr + disagreement + level_error) * self.factor

    @property
    def expected_errors(self) -> list[float]:
        """The ESR to be expected at each of the settings that it asks for."""
        levels = self.level_errors or (0.0,) * len(self.disagreement)
        return [self.expects(*both) for both in zip(self.disagreement, levels, strict=True)]


class LearnerFailed(_Fact):
    """A round was not learnt; the loop went on with space-filling settings, or without."""

    kind: Literal["learner-failed"] = "learner-failed"
    round: Number
    why: Words


class SettingsFilled(_Fact):
    """Settings that spread over the knob space, where no proposal was to be had."""

    kind: Literal["settings-filled"] = "settings-filled"
    round: Number
    why: Words


class ModelTrained(_Fact):
    """The model of the whole amp is there; ``caveat`` says what training did not come to."""

    kind: Literal["model-trained"] = "model-trained"
    learnt_from: tuple[Number, ...]
    holdout_esr: float | None
    by_setting: dict[Words, float]
    seconds: Seconds
    model: StoredFile
    export: StoredFile
    export_error: float | None = None
    within_db: float | None = None
    verdict: Words | None = None
    size: Annotated[Words | None, Since(3)] = None
    steps: Annotated[Number | None, Since(3)] = None
    narrow: Annotated[StoredFile | None, Since(3)] = None
    narrow_esr: Annotated[float | None, Since(3)] = None
    caveat: Annotated[Words | None, Since(3)] = None

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """Everything that was written for it."""
        return (self.model, self.export, *([] if self.narrow is None else [self.narrow]))


Fact = (
    SessionCreated
    | DaemonStarted
    | DaemonEnded
    | CommandGiven
    | HandsSet
    | CaptureOrdered
    | CaptureAbandoned
    | TakeBegun
    | TakeEnded
    | CapturesSuspected
    | ProcessDied
    | ClockJumped
    | FilesSetAside
    | Notified
    | DeviceTrouble
    | DevicesOpened
    | RoundLearned
    | LearnerFailed
    | SettingsFilled
    | ModelTrained
)

#: Reads and writes any fact as JSON.
FACT: TypeAdapter[Fact] = TypeAdapter(Annotated[Fact, Field(discriminator="kind")])

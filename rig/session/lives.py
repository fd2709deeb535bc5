"""The parts of a session's state, each with a life of its own.

A part is made anew where its life begins; nothing is ever reset field by field, but for an order
that waits once more (`CaptureState.wait_again`).

| part       | is about                          | begins anew with                        |
|------------|-----------------------------------|-----------------------------------------|
| `Takes`    | everything ever played            | ``session-created``                     |
| `Learning` | rounds, failures, the final model | ``session-created``                     |
| `Amp`      | the amp's sound and its canaries  | ``session-created``                     |
| `RunState` | one run of the daemon             | ``daemon-started``                      |
| `Opening`  | one opening of the devices        | ``daemon-started``, ``device-trouble``, |
|            |                                   | ``devices-opened``                      |
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from statistics import median, median_low

from rig.capture import Outcome, Role
from rig.session import facts
from rig.session.captures import CaptureState, is_odd
from rig.session.facts import TakeEnded

#: How many ended takes `Takes.recent` holds, and how many outcomes a run is rated by.
RECENT, RATED = 8, 24
#: So many odd takes, or settings given up, in a row, and the reference says whether it is the rig.
ODD_ASKS, ABANDONED_ASKS = 3, 2
#: A final model with so many times the error of its last ensemble is clearly worse.
CLEARLY_WORSE = 1.25


@dataclass
class Takes:
    """Everything that was ever played in the session.

    Attributes:
        counts: How many takes ended in each way.
        last: Number of the take that was begun last.
        open: The take that is being played.
        recent: The last takes that ended, oldest first.
        earlier_s: Seconds that earlier runs took for their takes; what lay between runs is none.
        played_s: Seconds of signal that kept takes have played.
        playing_s: Seconds that this took; fewer where the amp is faster than time.
        ended_at: Unix time at which each take ended, by its number.
        rejections: How many takes each check rejected, and what was said of the last of them.
    """

    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    last: int = 0
    open: facts.TakeBegun | None = None
    recent: list[TakeEnded] = field(default_factory=list)
    earlier_s: float = 0.0
    played_s: float = 0.0
    playing_s: float = 0.0
    ended_at: dict[int, float] = field(default_factory=dict)
    rejections: dict[str, tuple[int, str]] = field(default_factory=dict)
    _begun_at: float = 0.0

    def begin(self, take: facts.TakeBegun, at: float) -> None:
        """Take in that playing begins, and when."""
        self.open, self.last, self._begun_at = take, take.take, at

    def end(self, take: TakeEnded, at: float) -> None:
        """Take in how it ended, and when."""
        self.open, self.ended_at[take.take] = None, at
        self.counts[take.outcome] += 1
        self.recent = [*self.recent, take][-RECENT:]
        if take.outcome is Outcome.REJECTED and take.reasons:
            # The first is why; what follows is mostly its doing.
            why = take.reasons[0]
            earlier, _ = self.rejections.get(why.check, (0, ""))
            self.rejections[why.check] = earlier + 1, why.sentence
        if take.outcome is Outcome.KEPT:
            self.played_s += take.played_s
            self.playing_s += min(take.played_s, max(at - self._begun_at, 0.0))


@dataclass
class Learning:
    """What was learnt: rounds, the ones that failed, settings that filled the space, the model."""

    rounds: list[facts.RoundLearned] = field(default_factory=list)
    failures: list[facts.LearnerFailed] = field(default_factory=list)
    fills: int = 0
    model: facts.ModelTrained | None = None

    @property
    def round(self) -> int:
        """The last round that was opened, learnt or not; 0 before the first."""
        learnt = self.rounds[-1].round if self.rounds else 0
        failed = self.failures[-1].round if self.failures else 0
        return max(learnt, failed)

    @property
    def holdout_esr(self) -> float | None:
        """ESR of the final model where it is there, else of the last round's ensemble."""
        if self.model is not None:
            return self.model.holdout_esr
        return self.rounds[-1].holdout_esr if self.rounds else None

    @property
    def expected_esr(self) -> float | None:
        """ESR to be expected where players set the knobs: of the final model, else of the ensemble.

        The final model is taken to err elsewhere by as much more than on the holdouts as the last
        ensemble does.
        """
        last = self.rounds[-1] if self.rounds else None
        if last is None or self.model is None or last.expected_esr is None:
            return None if last is None else last.expected_esr
        # What no round has tried yet is a guess of an ensemble that has hardly learnt anything.
        if last.calibration is None or not last.holdout_esr or self.model.holdout_esr is None:
            return None
        return last.expected_esr * self.model.holdout_esr / last.holdout_esr

    @property
    def worst_esr(self) -> float | None:
        """What a word about the model has to follow from: what was found, or worse, is expected."""
        found, expected = self.holdout_esr, self.expected_esr
        is_worse = found is not None and expected is not None and expected > found
        return expected if is_worse else found

    @property
    def trails_ensemble(self) -> bool:
        """Whether the last ensemble is clearly nearer to the amp than the final model is."""
        ensemble_esr = self.rounds[-1].holdout_esr if self.rounds else None
        if self.model is None or self.model.holdout_esr is None or ensemble_esr is None:
            return False
        return self.model.holdout_esr > CLEARLY_WORSE * ensemble_esr

    def forget(self, paths: set[str]) -> None:
        """Have no final model where one of its files was set aside."""
        model = self.model
        if model is not None and {file.path for file in model.files} & paths:
            self.model = None


def noise_of_both(canary: Mapping[str, float]) -> float:
    """Return the ESR that noise alone makes between two takes of a setting, by one's figures."""
    if not {"noise_dbfs", "return_rms_dbfs"} <= canary.keys():
        return 0.0
    return float(2.0 * 10.0 ** ((canary["noise_dbfs"] - canary["return_rms_dbfs"]) / 10.0))


@dataclass
class Amp:
    """What is known of the amp's own sound.

    Attributes:
        canaries: Every canary that was kept.
        reference: The canary that all later ones have to sound like, once the amp is steady.
        unproven: Numbers of the captures kept since the last good canary.
    """

    canaries: list[TakeEnded] = field(default_factory=list)
    reference: TakeEnded | None = None
    unproven: list[int] = field(default_factory=list)

    @property
    def repeatability_esr(self) -> float | None:
        """Median ESR between two takes of the reference setting: no model can beat it."""
        figures = [canary["replicate_esr"] for canary in self._repetitions()]
        return median(figures) if figures else None

    @property
    def steadiness_esr(self) -> float | None:
        """The same without what noise makes of it: other settings stand further above theirs."""
        figures = [
            max(canary["replicate_esr"] - noise_of_both(canary), 0.0)
            for canary in self._repetitions()
        ]
        # The lower of two: one canary that was off must not excuse what comes after it.
        return median_low(figures) if figures else None

    def _repetitions(self) -> list[dict[str, float]]:
        """The figures of canaries that were compared with the reference."""
        # Canaries of an amp that is getting warm differ by more than it repeats.
        steady = self.canaries
        if self.reference is not None:
            steady = steady[steady.index(self.reference) :]
        return [canary.figures for canary in steady if "replicate_esr" in canary.figures]

    def forget(self, takes: set[int]) -> None:
        """Do without canaries whose files were set aside; the oldest left is the reference."""
        self.canaries = [canary for canary in self.canaries if canary.take not in takes]
        if self.reference is not None and self.reference.take in takes:
            self.reference = self.canaries[0] if self.canaries else None


@dataclass
class RunState:
    """One run of the daemon, from its start to its end.

    Attributes:
        started: What it was started for; None before the first run.
        ended: Why it ended.
        paused: Whether somebody has it wait.
        paused_at: Unix time since which it was, as far as it still is.
        stopping: Whether somebody has it stop.
        has_played: Whether it has begun a take.
        first_at: Unix time at which its first take began.
        last_at: Unix time at which its last one ended.
        played_s: Seconds of signal played in it, whatever came of the takes.
        until: Unix time at which it ends, where a time was asked for.
        set_aside: How many files were set aside as damaged since it ended.
        outcomes: How its last takes ended.
        odd_in_a_row: Takes in a row that did not sound like this amp at all.
        odd_canaries_in_a_row: Canaries in a row that were odd at first and right when repeated.
        abandoned_in_a_row: Settings in a row that were given up.
        given_up: Orders that were given up after takes of their own.
        learner_deaths: How many times the learner died since it last answered.
        hands: Where the knobs turned by hand stand; None where nobody knows.
        is_proven: Whether it has recorded a good canary.
        in_doubt: Whether something was heard that only a canary can clear up.
    """

    started: facts.DaemonStarted | None = None
    ended: facts.DaemonEnded | None = None
    paused: bool = False
    paused_at: float | None = None
    stopping: bool = False
    has_played: bool = False
    first_at: float | None = None
    last_at: float | None = None
    played_s: float = 0.0
    until: float | None = None
    set_aside: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    odd_in_a_row: int = 0
    odd_canaries_in_a_row: int = 0
    abandoned_in_a_row: int = 0
    given_up: tuple[int, ...] = ()
    learner_deaths: int = 0
    hands: tuple[float, ...] | None = None
    is_proven: bool = False
    in_doubt: bool = False

    def followed_by(self, started: facts.DaemonStarted) -> "RunState":
        """A new run; one that takes up a dead one's request is still paused, or still stops."""
        same = self.started is not None and self.started.asked_at == started.asked_at
        # Before schema 3 no run said when it was asked for: two of these only seem the same.
        if self.ended is not None or not same or started.asked_at is None:
            return RunState(started=started, until=started.until)
        same_run = RunState(started=started, until=started.until, given_up=self.given_up)
        return replace(same_run, paused=self.paused, stopping=self.stopping)

    def hear(self, command: facts.CommandGiven, at: float) -> None:
        """Take in what somebody asked for; what a pause has taken, takes have not."""
        if self.paused and self.paused_at is not None:
            self._shift(max(at - self.paused_at, 0.0))
        self.paused_at = at
        if command.command in ("pause", "resume"):
            # A stop is a stop, whatever is said after it.
            self.paused = command.command == "pause" and not self.stopping
        elif command.command in ("stop", "stop-now"):
            # A paused run only waits: it could not stop.
            self.stopping, self.paused = True, False
        elif command.command in ("skip", "redo"):
            # They may have been on their way to what was asked for: nobody knows where they stand.
            self.hands = None

    @property
    def wall_s(self) -> float:
        """Seconds from the beginning of its first take to the end of its last."""
        if self.first_at is None or self.last_at is None:
            return 0.0
        # The clock may have been set back between the two.
        return max(self.last_at - self.first_at, 0.0)

    def begin(self, at: float) -> None:
        """Take in that a take begins."""
        self.has_played = True
        self.first_at = at if self.first_at is None else self.first_at

    def jump(self, jumped: facts.ClockJumped) -> None:
        """Take in that the clock jumped: what it did not run through, no take has taken."""
        self.in_doubt, self.until = True, jumped.until or self.until
        self._shift(jumped.seconds)

    def _shift(self, seconds: float) -> None:
        """Move what was before, so that as many seconds between are none that takes have taken."""
        self.first_at = None if self.first_at is None else self.first_at + seconds
        self.last_at = None if self.last_at is None else self.last_at + seconds

    def count(self, take: TakeEnded, at: float) -> None:
        """Take in how a take ended."""
        self.played_s += take.played_s
        # Of one in which a process died, the end may be written down a week later.
        self.last_at = self.last_at if take.died else at
        self.outcomes = [*self.outcomes, take.outcome][-RATED:]
        self.odd_in_a_row = self.odd_in_a_row + 1 if is_odd(take, cold=not self.is_proven) else 0
        # These settings may be like that, and the night would end for it.
        self.in_doubt = self.in_doubt or self.odd_in_a_row >= ODD_ASKS

    def give_up(self, about: CaptureState) -> None:
        """Take in that a setting is given up; a canary leaves a doubt."""
        # A setting whose look is given up is kept all the same, and what was not tried is no
        # sign that something is broken.
        if about.was_tried and about.capture.role is not Role.LOOK:
            self.abandoned_in_a_row += 1
            self.in_doubt = self.in_doubt or self.abandoned_in_a_row >= ABANDONED_ASKS
            self.given_up = (*self.given_up, about.capture.number)
        self.in_doubt = self.in_doubt or about.capture.role is Role.CANARY


@dataclass
class Opening:
    """One opening of the devices: the round trip, and what a loopback brings, are its own.

    Attributes:
        first: Its first take that was kept: what its later ones are held against.
        lost: Why the devices are gone; None while they are there.
    """

    first: TakeEnded | None = None
    lost: str | None = None

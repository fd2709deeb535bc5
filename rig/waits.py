"""Every wait that ends, and every repetition that is counted: who, for what, how long, what then.

To be read as a table. A wait that is not in it has an end of its own: what somebody at the machine
is asked (a pause, knobs turned by hand) ends with the answer, with a stop, or with the deadline.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wait:
    """Somebody waits for something, for so many seconds at the most; then this happens."""

    who: str
    what: str
    s: float
    then: str


@dataclass(frozen=True)
class Tries:
    """Somebody tries something again, after each of these pauses; then this happens."""

    who: str
    what: str
    pauses_s: tuple[float, ...]
    then: str


# ruff: noqa: E501 (a row is a row)
# fmt: off
#                        who           waits for                                 at most  and then
DEVICES_OPEN     = Wait("daemon",     "the devices to be opened",                   90.0, "the audio child is killed: the devices are lost")
AUDIO_ANSWERS    = Wait("daemon",     "the audio child's next word",                30.0, "it is killed: the devices are lost")
AUDIO_LISTENS    = Wait("daemon",     "the audio child to take an order",           30.0, "it is killed: the devices are lost")
LEARNER_ADVANCES = Wait("daemon",     "progress of the learner",                   600.0, "it is killed: the learner died")
LEARNER_LISTENS  = Wait("daemon",     "the learner to take a job",                  30.0, "it is killed: the learner failed")
CHILD_ENDS       = Wait("daemon",     "a child to end by itself, knobs at rest",     5.0, "it is killed")
CHILD_IS_GONE    = Wait("daemon",     "a killed child to be gone",                   5.0, "it is left to the system")
DEVICES_ARE_FREE = Wait("audio child", "the devices' locks, which a child at its end holds", 8.0, "another session drives them: it says which")
LOCK_IS_FREE     = Wait("daemon",     "the session's lock, which viewers probe",     2.0, "another capture is running: it ends")
JOURNAL_IS_FREE  = Wait("daemon",     "the journal, which viewers read",            10.0, "the disk did not take it: it ends")
PROGRAM_ENDS     = Wait("daemon",     "a program under notify",                     30.0, "it is ended, and nothing depends on it")
AWAKE_REFUSES    = Wait("rig check",  "the helper that keeps the machine awake to refuse", 0.5, "it is taken to work")
AWAKE_ENDS       = Wait("daemon",     "the helper that keeps the machine awake",     2.0, "it is killed")
COMMAND          = Wait("daemon",     "commands and answers, again and again",       0.1, "it looks")
KEEPER_IS_THERE  = Wait("daemon",     "its supervisor, again and again",             3.0, "it looks, and starts another where there is none")
DAEMON_SPEAKS    = Wait("supervisor", "a snapshot of the daemon",                  240.0, "the daemon is killed and started again")
DAEMON_ENDS      = Wait("supervisor", "the daemon to end, again and again",          0.25, "it looks")
REPORT_IS_MADE   = Wait("supervisor", "the report of a capture that has ended",    180.0, "it is ended, and the log says so")
SYSTEM_TELLS     = Wait("supervisor", "the system to say whose a number is",         5.0, "the number is left alone")
SESSION_APPEARS  = Wait("rig capture", "a session to watch",                        60.0, "it shows no monitor, and waits for the capture to end")
FIRST_WORDS      = Wait("rig capture", "the daemon's first words (--detach)",      120.0, "it says that there are none yet, exit code 1")
PLAYER_OPENS     = Wait("rig play",   "the interface to be opened",                 30.0, "its process is killed: it is lost")
PLAYER_ANSWERS   = Wait("rig play",   "the player's next report",                    8.0, "its process is killed: it is lost")

#                        who           tries                                     pauses before each    and then
DEVICES_RETURN   = Tries("daemon",     "to open lost devices",                   (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0), "the capture ends: the device stayed away")
LEARNER_RESTARTS = Tries("daemon",     "to start a learner that died",           (0.0, 0.0, 0.0),     "the round fills the space; the final model fails")
KEEPER_RESTARTS  = Tries("daemon",     "to start a supervisor",                  (3.0,) * 20,         "it goes on alone")
DAEMON_RESTARTS  = Tries("supervisor", "to start a daemon that kept no take",    (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0), "knobs to rest, the end is written down, an alarm")
# fmt: on

#: How many times a setting is tried is `plan.rejects`, for each of: rejected, failed, died in it.
#: Three settings given up in a row end the capture (`rig.daemon.stopping`).
TABLE: tuple[Wait | Tries, ...] = tuple(
    row for row in list(globals().values()) if isinstance(row, Wait | Tries)
)
#: A learner says at least this often that it advances: a twentieth of what it may be silent.
LEARNER_TELLS_S = 30.0

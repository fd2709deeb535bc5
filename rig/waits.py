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
CLUSTER_ANSWERS  = Wait("learner",    "a Ray cluster to answer",                    30.0, "it tries again, or learns by itself")
CLUSTER_HAS_ROOM = Wait("learner",    "a place on the cluster, others first",      300.0, "it learns by itself")
CLUSTER_ADVANCES = Wait("learner",    "the cluster's next word while it works",     90.0, "it tries elsewhere, or learns by itself")
CLUSTER_LISTENS  = Wait("learner",    "its errand to take an order",                30.0, "it tries again, or learns by itself")
CLUSTER_IS_LEFT  = Wait("learner's errand", "its place to be given back",            3.0, "it ends; the place notices by itself")
WORKSHOP_IS_ASKED = Wait("workshop on a cluster", "somebody to ask how far it is",  60.0, "it ends: whoever it works for is gone")
WAITING_RIG_ASKS = Wait("line on a cluster", "a waiting rig to ask again",          10.0, "it is out of the line")
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
DAEMON_OBEYS     = Wait("supervisor", "a snapshot of the daemon while a stop waits", 60.0, "the daemon is killed, and nobody starts another")
DAEMON_ENDS      = Wait("supervisor", "the daemon to end, again and again",          0.25, "it looks")
REPORT_IS_MADE   = Wait("supervisor", "the report of a capture that has ended",    180.0, "it is ended, and the log says so")
SYSTEM_TELLS     = Wait("supervisor", "the system to say whose a number is",         5.0, "the number is left alone")
SESSION_APPEARS  = Wait("rig capture", "a session to watch",                        60.0, "it shows no monitor, and waits for the capture to end")
FIRST_WORDS      = Wait("rig capture", "the daemon's first words (--detach)",      120.0, "it says that there are none yet, exit code 1")
KNOB_IS_TURNED   = Wait("rig init",   "somebody to turn a knob that sends MIDI",    20.0, "it says that nothing was heard")
PEDAL_IS_THERE   = Wait("foot switch", "its port, again and again",                  0.5, "it looks")
PEDAL_SPEAKS     = Wait("daemon",     "the foot switch's next word",                30.0, "it is killed and started again")
PEDAL_ENDS       = Wait("daemon",     "the foot switch to end by itself",            1.0, "it is killed")
PLAYER_OPENS     = Wait("rig play",   "the interface to be opened",                 30.0, "its process is killed: it is lost")
MIDI_SPEAKS      = Wait("whoever hears MIDI", "the next message, again and again", 0.005, "it looks")
PLAYER_ANSWERS   = Wait("rig play",   "the player's next report",                    8.0, "its process is killed: it is lost")

#                        who           tries                                     pauses before each    and then
DEVICES_RETURN   = Tries("daemon",     "to open lost devices",                   (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0), "the capture ends: the device stayed away")
LEARNER_RESTARTS = Tries("daemon",     "to start a learner that died",           (0.0, 0.0, 0.0),     "the round fills the space; the final model fails")
CLUSTER_RETRIES  = Tries("learner",    "a job on a cluster, elsewhere in it if it can", (0.0, 1.0),      "it learns by itself")
PEDAL_RESTARTS   = Tries("daemon",     "to start a foot switch that died",       (0.5, 2.0, 10.0, 60.0), "the last pause again: hands are answered for by Enter and 'rig done'")
KEEPER_RESTARTS  = Tries("daemon",     "to start a supervisor",                  (3.0,) * 20,         "it goes on alone")
DAEMON_RESTARTS  = Tries("supervisor", "to start a daemon that kept no take",    (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0), "knobs to rest, the end is written down, an alarm")
# fmt: on

#: How many times a setting is tried is `plan.rejects`, for each of: rejected, failed, died in it.
#: Three settings given up in a row, the reference among them, end the capture
#: (`rig.daemon.stopping`).
TABLE: tuple[Wait | Tries, ...] = tuple(
    row for row in list(globals().values()) if isinstance(row, Wait | Tries)
)
#: A learner says at least this often that it advances: a twentieth of what it may be silent.
LEARNER_TELLS_S = 30.0

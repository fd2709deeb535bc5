"""What can go wrong, each with its exit code.

RigError                  1  a run that failed
├── ConfigError           2  a rig.yaml that cannot be used
├── UsageError            2  a command that cannot be carried out as typed
├── SessionError          1  a session folder that is missing, locked or damaged
│   ├── NewerSession      1  a newer rig has written into it: nothing is wrong with it
│   ├── NotPlain          1  what lies there is no plain file, or no folder, as it should be
│   └── ConfigChanged     1  its rig.yaml is not what it began with
├── StorageError          1  the disk is full, read-only or broken
├── DeviceError           1  the amp or the interface did not do its part
│   ├── DeviceGone        1  it is no longer there; it may come back
│   │   ├── DeviceHung    1  its driver hangs: only a new process can open it again
│   │   └── AudioDied     1  the process that holds it ended, or was ended because it hung
│   └── Unrecordable      1  no take of a setting is any good (`rig bench` leaves it out)
├── Stopped               3  somebody ended it before it had begun
└── LearnerError          1  training or proposing failed
    └── LearnerDied       1  its process ended, or was ended because it hung

A capture that was stopped by hand before it was done has exit code 3 as well.
A rejected take is none of these: it is a value (`calibration.verdict.Verdict`).
"""


class RigError(Exception):
    """One line for the person at the rig: what is wrong, where, and what to do."""

    exit_code = 1


class ConfigError(RigError):
    """A configuration that cannot be used."""

    exit_code = 2


class UsageError(RigError):
    """A command line that cannot be carried out."""

    exit_code = 2


class SessionError(RigError):
    """A session folder that is missing, in use or damaged."""


class NewerSession(SessionError):
    """A session that a newer rig has written into; it is whole, and nothing of it may be cut."""


class NotPlain(SessionError):
    """Something that is no plain file, or no folder, where one belongs in a session."""


class ConfigChanged(SessionError):
    """A session whose ``rig.yaml`` is not what it began with; its journal may be well."""


class StorageError(RigError):
    """The disk did not take what was written."""


class DeviceError(RigError):
    """The amp or the interface did not do its part of a take."""


class DeviceGone(DeviceError):
    """The amp or the interface is no longer there; opening it again may bring it back."""


class DeviceHung(DeviceGone):
    """The driver hangs; whoever holds it has to be ended and started anew."""


class AudioDied(DeviceGone):
    """The audio process ended without a word, or hung and was ended."""


class Stopped(RigError):
    """Somebody ended the capture before it had begun."""

    exit_code = 3


class LearnerError(RigError):
    """Training or proposing failed."""


class LearnerDied(LearnerError):
    """The learner's process ended without a word, or hung and was ended."""

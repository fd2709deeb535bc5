"""The level below which nobody hears a setting beside the amp's loudest one.

An error relative to a setting's own level is what a listener hears of it while the setting can be
heard. Below, that would make the hiss of a closed volume pot as important as a chord: there, errors
are relative to the level at which hearing ends.
"""

#: Of a recording nearer than this to its noise, errors are relative to the noise and so much more:
#: no model can be nearer to a recording than its noise, which would look like a setting to learn.
OVER_NOISE_DB = 10.0


def audible_floor(loudest_dbfs: float, range_db: float, noise_dbfs: float) -> float:
    """Return the mean square that a recording's power is taken for where it has less.

    Args:
        loudest_dbfs: The RMS level of the loudest setting of all.
        range_db: So far below it nobody hears anything.
        noise_dbfs: The RMS level of the noise in this recording.
    """
    return float(10.0 ** (max(loudest_dbfs - range_db, noise_dbfs + OVER_NOISE_DB) / 10.0))

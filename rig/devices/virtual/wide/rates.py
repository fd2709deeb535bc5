"""Rates at which the wide population is rendered."""

#: Half of the built-in amp's: what is learnt from has to be cheap, aliases are far below errors.
OVERSAMPLING = 4
#: The slow parts run at the rate of the recording, so that a block of any length has whole steps.
SLOW_RATIO = 4

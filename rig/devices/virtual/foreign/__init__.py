"""Amps that nothing in rig has learnt from: drawn from a seed, put together from circuits."""

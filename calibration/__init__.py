"""Signals, latency, alignment, levels and checks in pure numpy and scipy.

Everything here takes and returns arrays: mono audio is ``(frames,)``, full scale at 1.
"""

"""Recordings of an amp at settings of its knobs, as files that anybody can read."""

from rig.dataset.audio import cut_to_input, latency_of, signal_of
from rig.dataset.reader import read
from rig.dataset.types import DataSet, DataTake

__all__ = ["DataSet", "DataTake", "cut_to_input", "latency_of", "read", "signal_of"]

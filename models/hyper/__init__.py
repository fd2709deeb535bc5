"""Our WaveNet as a HyperWaveNet: stock, with weights that a small network makes of the knobs."""

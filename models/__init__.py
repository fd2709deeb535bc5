"""Knob-conditioned amp models in pure torch: arrays in, arrays out."""

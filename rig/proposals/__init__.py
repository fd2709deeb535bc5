"""Proposals: which settings to record next, and in which order a person turns to them."""

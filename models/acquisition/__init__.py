"""Acquisition: what an ensemble does not know, and which settings would teach it most."""

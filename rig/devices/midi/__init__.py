"""Amps whose knobs are set over MIDI."""

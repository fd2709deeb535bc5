"""Amps of many kinds that nobody built, drawn by number: what a training prior learns from."""

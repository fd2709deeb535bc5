"""Drivers for rig: an amp that is a program."""

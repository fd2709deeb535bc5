"""The monitor: reads a session folder and nothing else, and may be closed at any time."""

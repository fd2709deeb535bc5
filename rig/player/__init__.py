"""Playing through the interface in real time: a model with its knobs, or tracks to compare."""

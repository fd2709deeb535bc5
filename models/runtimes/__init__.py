"""Models in the formats of other runtimes, made of the section that goes into a ``.nam`` file."""

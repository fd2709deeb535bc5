"""Stock ``.nam`` files: a writer, and a reader that shares no code with it."""

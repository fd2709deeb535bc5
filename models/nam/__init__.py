"""Stock ``.nam`` files: a writer, and a reader that shares nothing with it."""

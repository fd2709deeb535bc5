"""The built-in virtual amp and the converter it is wired to."""

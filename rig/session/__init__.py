"""A session: the folder of one amp's capture, and everything that can be read from it."""

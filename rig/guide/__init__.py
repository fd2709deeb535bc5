"""The guide behind ``rig init``: its questions as data, the conversation, what it writes."""

"""The capture daemon: what a run does, decides and says, and the processes that keep it going."""

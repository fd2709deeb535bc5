"""The networks: what conditions them on knobs, how they are stored, how they play."""

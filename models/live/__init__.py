"""Models as they are played: block by block, in numpy alone, while their knobs move."""

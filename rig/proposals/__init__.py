"""Which settings to record: designs that need no model, and the orders that come of proposals."""

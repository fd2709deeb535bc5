"""Training: data, losses, the optimiser, and where training starts."""

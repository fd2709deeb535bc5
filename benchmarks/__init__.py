"""What is measured by hand: speed, memory, error; the figures are in docs/benchmarks."""

"""Amps and interfaces: two small protocols, and what stands behind them."""

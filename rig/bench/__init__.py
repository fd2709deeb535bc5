"""Strategies against each other: amps x strategies x seeds x capture counts, on the same terms."""

"""Compare strategies: amps x strategies x seeds x capture counts, on the same terms."""

"""What is suspicious, and why: pure functions over batches, with no I/O, no clock and no stream framework."""

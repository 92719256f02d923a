"""What the page knows: pure values and folds in memory. No I/O, and the clock is passed in."""

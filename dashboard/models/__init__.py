"""What the models page shows: the bundle in use and what a backtest found. It knows nothing of HTTP."""

"""What `riskstream backtest` is made of: payments to columns, columns to JSON and to a page."""

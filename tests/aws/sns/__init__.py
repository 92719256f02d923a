"""Alerts on their way through SNS."""

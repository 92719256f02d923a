"""Explains alerts beside the main path: with a consumer group and processes of its own, off the event loop."""

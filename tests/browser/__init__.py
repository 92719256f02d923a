"""The dashboard as people meet it: a real Chromium on a real broker, with a worker and payments under way."""

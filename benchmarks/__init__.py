"""Speed and quality, measured side by side in one run; each benchmark prints and writes JSON."""

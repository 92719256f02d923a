"""What `riskstream demo` is made of: a world to show, a worker process, the replay, and the summary."""

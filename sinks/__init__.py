"""Where results go: the archive, alert subscribers, the dead-letter topic."""

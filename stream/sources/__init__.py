"""Where transactions come from when they do not come from the topic itself: files."""

"""What tests of the running pipeline share: traffic, worker processes, what the topics hold, and outages."""

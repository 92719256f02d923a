"""A broker and an AWS inside this process, for the demo and quick tests; nothing here is durable."""

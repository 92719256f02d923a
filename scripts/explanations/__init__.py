"""What `riskstream explain` is made of: where an explanation is found, and the pictures of it."""

"""Takes the pictures of the README from a demo of its own, so that they show what the product shows."""

"""How the page learns what happens: followers of topics and of the bundle. They keep no state of their own."""

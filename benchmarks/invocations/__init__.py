"""How long an endpoint takes to score a request, over real HTTP to the real server process."""

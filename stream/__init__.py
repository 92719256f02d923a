"""How events move: the Faust application, its agents, topics and sources. Nothing here decides."""

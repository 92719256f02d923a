"""Where the worker's CPU time goes: a flame graph and a table by room, sampled by py-spy under load."""

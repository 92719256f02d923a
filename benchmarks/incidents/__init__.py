"""Incidents put into the bank CSV: how sensitive a bundle without labels is to what was put there, and no more."""

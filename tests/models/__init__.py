"""Tests that train models, play whole histories, run whole commands on them or measure: not for `make unit`."""

"""Bundles whose centres stay where training left them, for who keeps no partition's memory: functions, endpoints.

The score of a payment then depends on its account and its merchant alone, not on which payments came beside it.
"""

from dataclasses import replace

from detectors.bundle import Bundle


def freeze(bundle: Bundle) -> Bundle:
    """Return the bundle with a learning rate of 0 for its centres; version and verdicts' ids stay the same."""
    return replace(bundle, clusters=replace(bundle.clusters, rate=0.0))

"""What history asks of whoever collects labels."""

from collections.abc import Sequence
from typing import Protocol

from detectors.labels import Label


class Labels(Protocol):
    """What is known of payments by now."""

    def newest(self) -> Sequence[Label]:
        """Return the label of each payment that was observed last, in any order; called in the loop's thread."""

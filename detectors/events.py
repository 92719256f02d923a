"""What a partition's log consists of: payments, labels of payments, and marks that say how far time has come."""

from datetime import datetime
from typing import Annotated

import msgspec

from detectors.labels import Label
from detectors.transaction import EnrichedTransaction


class TimeMark(msgspec.Struct, frozen=True, gc=False):
    """No payment before `time` will come any more: hours before it close, even where nothing is paid."""

    time: Annotated[datetime, msgspec.Meta(tz=True)]


Event = EnrichedTransaction | Label | TimeMark

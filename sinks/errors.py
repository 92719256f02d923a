"""The errors of the sinks, a branch of the product's one tree; each message says what to do.

SinkError
 ├── AlertError                    bytes or an assessment that are no alert
 ├── ArchiveError                  final: the same write fails again until somebody mends the cause
 │    ├── ArchiveConflictError     an object of that name exists with other records
 │    ├── ArchiveUnavailableError  S3 does not answer, or asks to slow down: retry the same write
 │    └── UnreadableRecordError    one record is not an assessment; it names the offset
 └── NotificationError                   fails again until somebody mends the cause
      ├── NotificationsRefusedError      all but some notices are out, and those never will be; it names them
      └── NotificationsUnavailableError  SNS does not answer, or asks to slow down: retry the same write
"""

from collections.abc import Mapping

from detectors.errors import RiskstreamError


class SinkError(RiskstreamError):
    """Any failure to put a result where it belongs."""


class AlertError(SinkError):
    """Something that should be an alert is none."""


class ArchiveError(SinkError):
    """The archive cannot be written or read as it stands."""


class ArchiveConflictError(ArchiveError):
    """An object of that name exists and holds other records; it is never overwritten."""


class ArchiveUnavailableError(ArchiveError):
    """S3 did not answer, or asked to slow down; the same write may be tried again."""


class UnreadableRecordError(ArchiveError):
    """One record is not an assessment."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset
        """Of the record, so that the caller can set it aside and archive the rest."""


class NotificationError(SinkError):
    """Nothing can be published as it stands; what was not published may be written again."""


class NotificationsUnavailableError(NotificationError):
    """SNS did not answer, or asked to slow down; the same write may be tried again."""


class NotificationsRefusedError(NotificationError):
    """SNS took every notice but some, which it will not take however often they are tried."""

    def __init__(self, message: str, refused: Mapping[str, str]) -> None:
        super().__init__(message)
        self.refused = refused
        """What SNS says, by the id of the notice."""

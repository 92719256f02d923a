"""The errors of the dashboard, a branch of the product's one tree; each message says what to do.

DashboardError
 ├── AccessError        the server would be open to strangers: it does not start
 ├── ListenError        its address cannot be listened on
 ├── RequestError       somebody asked for what cannot be given; becomes an answer with a status
 └── PublishError       the broker did not acknowledge what an analyst said
"""

from detectors.errors import RiskstreamError


class DashboardError(RiskstreamError):
    """Any failure of the dashboard, with a message for the person who runs or uses it."""


class AccessError(DashboardError):
    """The settings would let strangers see payments."""


class ListenError(DashboardError):
    """The address cannot be listened on."""


class RequestError(DashboardError):
    """A request that is refused."""

    def __init__(self, message: str, status: int = 400, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        """Of the HTTP answer."""
        self.field = field
        """Of the request, where one is to blame."""


class PublishError(DashboardError):
    """A record was not acknowledged; saying it again is harmless."""

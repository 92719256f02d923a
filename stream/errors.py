"""What can go wrong while events move; a branch of the product's one error tree.

StreamError
├── SettingsError        a setting, or the bundle it names, cannot be used
├── BrokerUnavailable    no broker answers
├── OffsetGap            records were deleted before they were read
├── TopicsError          the broker refuses a topic                        (stream.topics)
├── FileError, HeaderError, MalformedRowError, ColumnMapError, LabelFileError  (stream.sources)
├── SimulationError      asked for traffic that cannot be made             (stream.simulation)
├── PublishingError, PacingError                                           (stream.publishing, stream.pacing)
├── SteppingError        workers do not pass an hour border                (stream.stepping)
├── ProviderUnavailable  a geolocation service does not answer             (stream.enrichment)
└── EmbeddedBrokerError, EmbeddedAwsError                                  (stream.embedded)
"""

from detectors.errors import RiskstreamError


class StreamError(RiskstreamError):
    """Any failure of the stream, with a message for the person who runs it."""


class SettingsError(StreamError):
    """A setting, or something it points at, cannot be used as it is."""


class BrokerUnavailable(StreamError):
    """No Kafka broker answers at the configured address."""


class OffsetGap(StreamError):
    """The broker deleted records that this worker had not read yet."""

"""What can go wrong while events move; a branch of the product's one error tree.

StreamError
├── SettingsError        a setting, or the bundle it names, cannot be used
├── BrokerUnavailable    no broker answers
├── OffsetGap            records were deleted before they were read
├── RecordsLost          a log is not where the worker left off: somebody has to accept what is lost
├── Fenced               another worker has taken over a partition that this one would write
├── ClaimRefused         the broker does not let this worker take its partitions over
├── RecoveryStalled      a changelog cannot be read to its end
├── StoreError           a local database cannot be used
├── TopicsError          the broker refuses a topic                        (stream.topic_admin)
├── FileError, HeaderError, MalformedRowError, ColumnMapError, LabelFileError  (stream.sources)
├── SimulationError      asked for traffic that cannot be made             (stream.simulation)
├── PublishingError, PacingError                                           (stream.targets, stream.pacing)
├── KinesisError         a stream of Kinesis cannot be used                (stream.kinesis)
│    ├── StreamBusy      it does not answer, or asks to slow down: the same call may be made again
│    └── IteratorExpired a new one continues
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


class Fenced(StreamError):
    """The broker refused a write of memories, since another worker holds their partition now."""


class ClaimRefused(StreamError):
    """The broker does not let this worker take over the changelogs of its partitions."""


class RecordsLost(StreamError):
    """A log does not go on where the worker left off; what is lost, and the command that accepts it."""


class RecoveryStalled(StreamError):
    """The changelog should hold more records than the broker gives."""


class StoreError(StreamError):
    """The directory of the local databases cannot be used as it is."""

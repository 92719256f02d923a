"""What can go wrong where payments are assessed without a worker; a branch of the product's one error tree.

ServingError
 ├── EventError             an invocation is not what the function is for
 ├── MemoriesUnavailable    the table of memories does not answer, or asks to slow down: redeliver
 ├── MemoriesChanged        somebody else wrote a memory meanwhile: redeliver, and compute anew
 ├── LettersUnavailable     the queue of dead letters does not take one: redeliver
 ├── EndpointUnavailable    the endpoint that scores does not answer, or asks to slow down: redeliver
 └── Refusal, TrainingJobError, CannotListen                     (serving.sagemaker)
"""

from detectors.errors import RiskstreamError


class ServingError(RiskstreamError):
    """Any failure of a function or an inference container."""


class EventError(ServingError):
    """An invocation that holds something else than records of a Kinesis stream."""


class MemoriesUnavailable(ServingError):
    """The table of memories does not answer, or asks to slow down; the same call may be made again."""


class MemoriesChanged(ServingError):
    """A memory is no longer as it was read: what was computed from it does not hold."""


class LettersUnavailable(ServingError):
    """The queue of dead letters did not take everything; the same letters may be sent again."""


class EndpointUnavailable(ServingError):
    """The endpoint that scores does not answer, or asks to slow down; the same rows may be sent again."""

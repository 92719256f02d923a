"""The errors of the core; nothing else is raised on purpose in `detectors`.

RiskstreamError
 ├── BundleError             a bundle is missing, damaged or made for another feature version
 ├── ExplanationFormatError  bytes that should hold an explanation do not
 ├── MemoryFormatError       bytes that should hold a memory were written by another version, or are damaged
 └── TrainingError           the history given to training cannot yield a bundle
"""


class RiskstreamError(Exception):
    """The root: whatever the product raises on purpose is one of these, and its message says how to mend it."""


class BundleError(RiskstreamError):
    """A bundle cannot be used."""


class ExplanationFormatError(RiskstreamError):
    """Bytes that should hold an explanation do not."""


class MemoryFormatError(RiskstreamError):
    """Bytes that should hold a memory do not."""


class TrainingError(RiskstreamError):
    """The history given to training cannot yield a bundle."""

"""QualityError: what a quality benchmark refuses. Its message says what was wrong, where, and what to do."""


class QualityError(Exception):
    """The file or the week given cannot be measured."""

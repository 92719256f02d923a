"""When a dependency is left alone."""

from stream.enrichment.breaker import CircuitBreaker


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker(failures=2, rest_s=30, clock=clock)
    breaker.failed()
    breaker.failed()
    return breaker


def test_a_few_failures_in_a_row_open_it():
    breaker = CircuitBreaker(failures=2)

    breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    assert breaker.is_open


def test_a_success_in_between_starts_the_count_anew():
    breaker = CircuitBreaker(failures=2)

    breaker.failed()
    breaker.succeeded()
    breaker.failed()

    assert breaker.allows()


def test_after_its_rest_it_lets_one_caller_try():
    clock = Clock()
    breaker = opened(clock)

    clock.now = 29.9
    assert not breaker.allows()
    clock.now = 30
    assert [breaker.allows(), breaker.allows()] == [True, False]


def test_a_good_try_closes_it():
    clock = Clock()
    breaker = opened(clock)

    clock.now = 30
    breaker.allows()
    breaker.succeeded()

    assert breaker.allows()
    assert not breaker.is_open


def test_a_bad_try_lets_it_rest_again():
    clock = Clock()
    breaker = opened(clock)

    clock.now = 30
    breaker.allows()
    clock.now = 31
    breaker.failed()
    clock.now = 60
    assert not breaker.allows()
    clock.now = 61
    assert breaker.allows()


def test_a_try_that_reports_nothing_does_not_leave_it_shut_for_ever():
    clock = Clock()
    breaker = opened(clock)

    clock.now = 30
    breaker.allows()
    clock.now = 60

    assert breaker.allows()

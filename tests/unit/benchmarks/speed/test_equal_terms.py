import pytest

from benchmarks.speed.answers import same_answers
from benchmarks.speed.rivals.equal_terms import decode_event, encode, outputs, passed_on
from detectors.assess import assess
from detectors.events import TimeMark
from sinks.alerts import decode_alert
from stream.headers import INGESTED_AT, KIND, ORIGIN, TIME_KIND
from tests.unit.detectors.histories import history, rarity_bundle


def test_payments_and_time_marks_are_read_as_the_stage_reads_them():
    payment = history()[0]
    mark = TimeMark(payment.event_time)

    assert decode_event(encode(payment), [(ORIGIN, b"transactions/0/1")]) == payment
    assert decode_event(encode(mark), [(KIND, TIME_KIND)]) == mark


def test_origin_and_produce_time_are_passed_on_and_nothing_else():
    headers = [(ORIGIN, b"transactions/0/1"), ("trace", b"x"), (INGESTED_AT, b"7")]

    assert passed_on(headers) == [(ORIGIN, b"transactions/0/1"), (INGESTED_AT, b"7")]


def test_an_alert_goes_out_for_the_assessments_that_are_new_or_an_escalation():
    payments = history()[:1000]
    outcome = assess(payments, {}.get, rarity_bundle())

    found = outputs(payments, outcome)

    told = [at for at, assessment in outcome.assessments if assessment.alert in ("new", "escalation")]
    assert told
    assert [at for at, output in found if output.alert is not None] == told
    alert = next(output for _, output in found if output.alert is not None)
    assert decode_alert(alert.alert or b"").data.assessment.account_id.encode() == alert.key


def test_answers_are_compared_where_both_have_one():
    ours = {b"a": b"1", b"b": b"2", b"c": b"3"}

    assert same_answers(ours, {b"b": b"2", b"c": b"other", b"d": b"4"}) == pytest.approx(0.5)
    assert same_answers(ours, {b"d": b"4"}) is None

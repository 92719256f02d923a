"""Facts about the wiring beside the main path."""

import pytest
from pydantic import ValidationError

from stream.metrics import Metrics
from stream.settings import Settings
from stream.side_paths import build_notify
from tests.unit.stream.stages.fakes import FakeApp

ARN = "arn:aws:sns:eu-central-1:123456789012:fraud-alerts"


def test_without_a_topic_nobody_is_told() -> None:
    assert build_notify(FakeApp(), Settings(sns_topic_arn=None), Metrics()) is None


@pytest.mark.parametrize("arn", [ARN, f"{ARN}.fifo", ARN.replace("arn:aws:", "arn:aws-cn:")])
def test_with_a_topic_people_are_told(arn: str) -> None:
    settings = Settings(sns_topic_arn=arn, sns_endpoint="http://127.0.0.1:1")
    app = FakeApp()

    assert build_notify(app, settings, Metrics()) is not None
    assert len(app.revocation_hooks) == 1, "it lets go of batches before a rebalance"


@pytest.mark.parametrize("arn", ["fraud-alerts", "arn:aws:sqs:eu-central-1:123456789012:x", f"{ARN}:subscription"])
def test_what_is_no_topics_name_is_refused_at_the_start(arn: str) -> None:
    with pytest.raises(ValidationError, match="sns_topic_arn"):
        Settings(sns_topic_arn=arn)

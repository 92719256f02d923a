import pytest
from pydantic import ValidationError

from stream.app import _faust_app
from stream.settings import Settings


def test_the_environment_sets_what_its_prefix_names(monkeypatch):
    monkeypatch.setenv("RISKSTREAM_KAFKA_BOOTSTRAP", "kafka-1:9092,kafka-2:9092")
    assert Settings().kafka_bootstrap == "kafka-1:9092,kafka-2:9092"


def test_code_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("RISKSTREAM_PARTITIONS", "12")
    assert Settings(partitions=4).partitions == 4


def test_secrets_are_not_printed():
    settings = Settings(kafka_sasl_password="hunter2", ipinfo_token="t0ken")
    assert "hunter2" not in repr(settings)
    assert "t0ken" not in str(settings.model_dump())


def test_a_value_out_of_range_is_refused():
    with pytest.raises(ValidationError, match="partitions"):
        Settings(partitions=0)


def test_sasl_settings_reach_the_client():
    client = Settings(
        kafka_security_protocol="SASL_SSL", kafka_sasl_username="u", kafka_sasl_password="p"
    ).kafka_client()
    assert client["sasl.username"] == "u"
    assert client["sasl.password"] == "p"
    assert client["security.protocol"] == "SASL_SSL"


async def test_a_stray_variable_changes_nothing_in_faust(monkeypatch):
    """Faust reads unprefixed names such as BROKER_URL from the environment; our app must not."""
    monkeypatch.setenv("BROKER_URL", "kafka://elsewhere:1")
    monkeypatch.setenv("BROKER_COMMIT_INTERVAL", "99")
    monkeypatch.setenv("WEB_BIND", "0.0.0.0")
    monkeypatch.setenv("APP_WEB_ENABLED", "1")
    monkeypatch.setenv("TABLE_STANDBY_REPLICAS", "3")
    app = _faust_app(Settings(kafka_bootstrap="127.0.0.1:19999", commit_seconds=0.5))
    assert [url.port for url in app.conf.broker] == [19999]
    assert app.conf.broker_commit_interval == 0.5
    assert app.conf.web_enabled is False
    assert app.conf.table_standby_replicas == 0

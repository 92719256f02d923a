"""The one settings object: read from the environment (prefix `RISKSTREAM_`), printable with secrets masked.

No other module reads the environment, and Faust is given every value explicitly.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]


class Settings(BaseSettings):
    """Everything that can be set. `Settings(kafka_bootstrap=...)` in code wins over the environment."""

    model_config = SettingsConfigDict(env_prefix="RISKSTREAM_", env_ignore_empty=True, extra="ignore", frozen=True)

    app_id: str = Field("riskstream", description="consumer group, and prefix of the changelog topic")
    kafka_bootstrap: str = Field("127.0.0.1:9092", description="host:port of the brokers, comma separated")
    kafka_security_protocol: SecurityProtocol = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_ca_file: Path | None = None
    kafka_connect_seconds: float = Field(30.0, gt=0, description="how long to wait for a broker at start")
    session_timeout_seconds: float = Field(30.0, ge=6, description="after this silence a worker is replaced")
    partitions: int = Field(8, ge=1, le=1000, description="of every data topic")
    replication: int = Field(1, ge=1, le=10)

    batch_max_records: int = Field(1000, ge=1, le=10_000, description="largest batch under backlog")
    fetch_wait_ms: int = Field(10, ge=1, le=1500, description="longest wait of the broker for a first record")
    commit_seconds: float = Field(0.5, gt=0, description="how often finished offsets are committed")

    store: Literal["memory", "rocksdb"] = Field("memory", description="where the memories lie on this machine")
    store_dir: Path = Field(Path("memories"), description="directory of the databases, one a worker")

    bundle: Path = Field(Path("bundles/current"), description="directory of the trained bundle")

    merchant_memory: bool = Field(True, description="learn merchants' habits and frauds across partitions")

    s3_bucket: str = "riskstream-archive"
    s3_prefix: str = ""
    s3_endpoint: str | None = Field(None, description="else AWS_ENDPOINT_URL, LOCALSTACK_HOST or AWS itself")
    archive_flush_rows: int = Field(50_000, ge=1, description="rows of a partition that make an object")
    archive_flush_seconds: float = Field(30.0, gt=0, description="longest time a row waits for its object")

    sns_topic_arn: str | None = Field(
        None, pattern=r"^arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+(\.fifo)?$", description="where alerts are told"
    )
    sns_level: Literal["high", "critical"] = Field("high", description="least level of an alert that is told")
    sns_max_age_seconds: float = Field(86_400.0, gt=0, description="older alerts are no news")
    sns_per_minute: int = Field(60, ge=1, description="most alerts that a worker tells one by one")
    sns_endpoint: str | None = Field(None, description="as s3_endpoint")

    explain_processes: int = Field(1, ge=0, le=64, description="that explain alerts with LIME; 0: nobody does")
    explain_samples: int = Field(
        1000, ge=200, le=20_000, description="payments that LIME makes up around an alert"
    )
    explain_budget_ms: float = Field(1000.0, gt=0, description="longest time for LIME; over it: exact alone")
    explain_max_wait_seconds: float = Field(60.0, ge=0, description="alerts that waited longer: exact alone")

    geo_mmdb: Path | None = Field(None, description="a MaxMind, DB-IP or IPinfo database")
    ipinfo_token: SecretStr | None = None

    kinesis_poll_seconds: float = Field(0.25, ge=0.2, description="between reads of a shard: Kinesis allows 5/s")
    kinesis_read_records: int = Field(10_000, ge=1, le=10_000, description="most records of one read")

    dashboard_host: str = Field("127.0.0.1", description="elsewhere than on loopback it needs a token")
    dashboard_port: int = Field(8080, ge=0, le=65_535, description="0 chooses a free one")
    dashboard_token: SecretStr | None = Field(None, min_length=16, description="what people log in with")
    dashboard_review_share: float = Field(0.001, ge=0, le=0.1, description="of non-alerts, checked at random")
    dashboard_review_hours: float = Field(24.0, ge=0, description="how old a payment is sampled at start")
    dashboard_report: Path | None = Field(None, description="JSON of a backtest, for the page of models")

    health_host: str = "127.0.0.1"
    health_port: int = Field(8066, ge=0, le=65_535, description="0 chooses a free one")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_json: bool = False

    @model_validator(mode="after")
    def _sasl_is_whole(self) -> Self:
        if self.kafka_security_protocol.startswith("SASL") and not (
            self.kafka_sasl_username and self.kafka_sasl_password
        ):
            raise ValueError(
                f"{self.kafka_security_protocol} needs RISKSTREAM_KAFKA_SASL_USERNAME and"
                " RISKSTREAM_KAFKA_SASL_PASSWORD"
            )
        return self

    def kafka_client(self) -> dict[str, str]:
        """Return librdkafka properties: brokers and security, for confluent-kafka clients."""
        properties = {
            "bootstrap.servers": self.kafka_bootstrap,
            "security.protocol": self.kafka_security_protocol,
            # Commands report errors in their own words; librdkafka would also write its own lines to stderr.
            "log_level": "0",
        }
        if self.kafka_security_protocol.startswith("SASL"):
            properties["sasl.mechanism"] = self.kafka_sasl_mechanism
            properties["sasl.username"] = self.kafka_sasl_username or ""
            properties["sasl.password"] = (
                self.kafka_sasl_password.get_secret_value() if self.kafka_sasl_password else ""
            )
        if self.kafka_ssl_ca_file is not None:
            properties["ssl.ca.location"] = str(self.kafka_ssl_ca_file)
        return properties

    @property
    def explaining_group(self) -> str:
        """Name of the consumer group of those who explain alerts."""
        return f"{self.app_id}-explanations"

    @property
    def changelog_topic(self) -> str:
        """Name of the compacted topic that the memories are recovered from."""
        return f"{self.app_id}-memories-changelog"

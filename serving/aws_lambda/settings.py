"""The function's settings: read from the environment (prefix `RISKSTREAM_`) once in a container; no secrets."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from detectors.assessment import RiskLevel


class LambdaSettings(BaseSettings):
    """Everything that can be set. Where AWS is, boto3's own variables say."""

    model_config = SettingsConfigDict(env_prefix="RISKSTREAM_", env_ignore_empty=True, extra="ignore", frozen=True)

    bundle: str = Field("bundle", description="directory of the trained bundle, or s3://bucket/prefix")
    memory_table: str = Field("riskstream-memories", description="DynamoDB table of the memories")
    merchant_memory: bool = Field(True, description="learn merchants' habits across shards")
    s3_bucket: str = Field("riskstream-archive", description="of the archive")
    s3_prefix: str = ""
    sns_topic_arn: str | None = Field(None, description="where alerts go; without one, to the archive only")
    sns_level: RiskLevel = Field("high", description="alerts below it are only archived")
    sns_max_age_seconds: float = Field(86_400.0, gt=0, description="since arrival; older alerts are only archived")
    sns_per_minute: int = Field(60, ge=1, description="alerts that a container lets through")
    dead_letter_queue_url: str = Field(description="SQS queue of bad records")
    geo_mmdb: Path | None = Field(None, description="a MaxMind, DB-IP or IPinfo database in the package")
    sagemaker_endpoint: str | None = Field(None, description="scores there instead of in the function")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

"""The container's settings, from the environment: ours by the prefix `RISKSTREAM_`, SageMaker's by their names."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

REAL_TIME_LIMIT = 6 * 1024 * 1024
"""Bytes: the size up to which SageMaker's real-time endpoints have always passed bodies on."""


class ContainerSettings(BaseSettings):
    """Everything that can be set; options of the command line win over it."""

    model_config = SettingsConfigDict(
        env_prefix="RISKSTREAM_", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    serve_host: str = Field("127.0.0.1", description="the image sets 0.0.0.0, as a container has to")
    serve_port: int = Field(
        8080,
        ge=0,
        le=65_535,
        validation_alias=AliasChoices("SAGEMAKER_BIND_TO_PORT", "RISKSTREAM_SERVE_PORT"),
        description="0 chooses a free one",
    )
    model_dir: Path = Field(
        Path("/opt/ml/model"),
        validation_alias=AliasChoices("RISKSTREAM_BUNDLE", "SM_MODEL_DIR"),
        description="directory of the bundle, or of what an archive with the bundle was unpacked to",
    )
    serve_max_bytes: int = Field(REAL_TIME_LIMIT, ge=1024, description="of a request's body")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

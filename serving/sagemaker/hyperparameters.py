"""The hyperparameters of a training job: SageMaker passes every value as text, and each is checked by name."""

from pathlib import Path
from typing import Annotated

import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from serving.errors import ServingError
from stream.durations import delay_of
from stream.training import check_currency, rates_of


class TrainingJobError(ServingError):
    """A training job's input cannot be used as it is."""


def _split(text: str) -> dict[str, float]:
    return rates_of(part.strip() for part in text.split(",") if part.strip())


def _checked_delay(text: str) -> str:
    delay_of(text)
    return text


class Hyperparameters(BaseModel):
    """The options of `riskstream train`, by the same names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: Annotated[int, Field(ge=0)] = 0
    """Of everything random."""
    label_delay: Annotated[str, AfterValidator(_checked_delay)] = "7d"
    """Until a fraud is usually known."""
    base_currency: Annotated[str, AfterValidator(check_currency)] | None = None
    """What amounts are converted to; the most frequent unless given."""
    rates: Annotated[dict[str, float], BeforeValidator(_split)] = {}
    """Values of other currencies' units in the base: GBP=1.27,CHF=1.05."""


def read_hyperparameters(path: Path) -> Hyperparameters:
    """Read the file that SageMaker writes; without one everything is left at its default.

    Names that begin with `sagemaker_` are SageMaker's own. Raises TrainingJobError, which names what is wrong.
    """
    if not path.is_file():
        return Hyperparameters()
    try:
        given = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise TrainingJobError(f"{path.name} is not an object of texts: {error}") from error
    try:
        return Hyperparameters.model_validate(
            {name: value for name, value in given.items() if not name.startswith("sagemaker_")}
        )
    except ValidationError as error:
        raise TrainingJobError("; ".join(_complaint(each) for each in error.errors())) from None


def _complaint(error: ErrorDetails) -> str:
    """One error of pydantic's as a sentence."""
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return f"hyperparameter {name!r:.40} is unknown; there are {', '.join(Hyperparameters.model_fields)}"
    return f"hyperparameter {name} is {error['input']!r:.40}: {error['msg'].removeprefix('Value error, ')}"

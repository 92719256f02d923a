"""Scoring by a SageMaker endpoint: rows go there, verdicts come back; what they mean to accounts is decided here.

The function keeps walking the memories, so it needs the endpoint's own bundle, and refuses verdicts of another.
"""

import math
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
import numpy as np
from botocore.exceptions import BotoCoreError, ClientError

from detectors.assessment import DETECTORS, Assessment
from detectors.bundle import Bundle
from detectors.errors import RiskstreamError
from detectors.feature_rows import encode_row, feature_row
from detectors.judging import Judged
from detectors.kmeans import CentroidMemory, start_centroids
from detectors.observation import Observation
from detectors.verdict import Alerting, alert_of
from serving.errors import EndpointUnavailable, ServingError

ROWS: Final = 500
"""Of one request: about two megabytes, of the six that an endpoint takes."""
MEDIA_TYPE: Final = "application/jsonlines"

_decoder = msgspec.json.Decoder(Assessment)


class RowsRefusedByEndpoint(RiskstreamError):
    """The endpoint will never score these rows; halved, they lead to the one to blame."""


class EndpointJudge:
    """Does what `detectors.judging.judge` does on a frozen bundle, with the models elsewhere."""

    def __init__(self, client: Any, endpoint_name: str) -> None:
        self._client = client
        self._name = endpoint_name

    def __call__(
        self,
        seen: Sequence[Observation],
        accounts: Sequence[Alerting],
        memories: Sequence[CentroidMemory | None],
        parts: Sequence[slice],
        bundle: Bundle,
    ) -> Judged:
        """Have observed payments scored; their accounts' alerts move on, the centres stay.

        Raises EndpointUnavailable, RowsRefusedByEndpoint, and ServingError for verdicts that are not these rows'.
        """
        rows = [encode_row(feature_row(each, account.alert)) for each, account in zip(seen, accounts, strict=True)]
        verdicts = [each for start in range(0, len(rows), ROWS) for each in self._ask(rows[start : start + ROWS])]
        self._require_own(verdicts, seen, bundle)
        assessments = []
        for verdict, account in zip(verdicts, accounts, strict=True):
            # The endpoint does not know of the payments between.
            status, account.alert = alert_of(verdict, account.alert)
            assessments.append(msgspec.structs.replace(verdict, alert=status))
        tails = [[_number(getattr(each.tails, name)) for name in DETECTORS] for each in assessments]
        return Judged(assessments, np.array(tails), [start_centroids(bundle.clusters) for _ in memories])

    def _ask(self, rows: Sequence[bytes]) -> Iterator[Assessment]:
        try:
            answer = self._client.invoke_endpoint(
                EndpointName=self._name, ContentType=MEDIA_TYPE, Accept=MEDIA_TYPE, Body=b"\n".join(rows)
            )
            lines = answer["Body"].read().splitlines()
        except ClientError as error:
            raise _told(error, self._name) from error
        except BotoCoreError as error:
            raise EndpointUnavailable(f"endpoint {self._name} does not answer ({error})") from error
        try:
            yield from map(_decoder.decode, lines)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ServingError(
                f"endpoint {self._name} does not answer with assessments ({error}): is it riskstream's?"
            ) from error

    def _require_own(self, verdicts: Sequence[Assessment], seen: Sequence[Observation], bundle: Bundle) -> None:
        asked = [each.details.transaction.transaction_id for each in seen]
        if [each.transaction_id for each in verdicts] != asked:
            raise ServingError(f"endpoint {self._name} has not answered row by row: is it riskstream's?")
        others = {each.bundle_version for each in verdicts} - {bundle.version}
        if others:
            raise ServingError(
                f"endpoint {self._name} scores with bundle {others.pop()}, and the function has {bundle.version}:"
                " deploy the same bundle to both"
            )


def _told(error: ClientError, name: str) -> RiskstreamError:
    """What a refusal means. A body that SageMaker passes on may hold parts of the data: it is left out."""
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if error.response.get("OriginalStatusCode") == HTTPStatus.BAD_REQUEST:
        return RowsRefusedByEndpoint(f"endpoint {name} refuses a row; its log says which field")
    if code in ("ValidationError", "AccessDeniedException"):
        return ServingError(
            f"endpoint {name} cannot be asked ({code}): check RISKSTREAM_SAGEMAKER_ENDPOINT and the permission"
            " sagemaker:InvokeEndpoint"
        )
    return EndpointUnavailable(f"endpoint {name} is busy or failing ({code}, {status})")


def _number(value: float | None) -> float:
    return math.nan if value is None else value

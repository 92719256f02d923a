"""`riskstream score`: one payment, scored with empty memory and explained; nothing is stored or sent."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from detectors.assess import assess
from detectors.assessment import DETECTORS, Assessment
from detectors.decoding import Rejection, decode_transactions
from detectors.errors import RiskstreamError
from detectors.masking import printable
from scripts.options import fail, settings_from
from sinks.bundles import load_bundle
from stream.enrichment import enrich_embedded
from stream.errors import StreamError

MOST_BYTES = 1_000_000
DETECTOR_WORDS = {
    "zscore": "z-score",
    "kmeans": "k-means",
    "isolation_forest": "isolation forest",
    "logistic": "logistic",
}


def score(
    payment: Annotated[str, typer.Argument(help="A payment as JSON, or - to read it from standard input.")],
    bundle: Annotated[
        Path | None, typer.Option(help="Directory of the trained bundle. Default: RISKSTREAM_BUNDLE.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole assessment as JSON.")] = False,
) -> None:
    """Score one payment as the first that is known of its account, and say why it scores so.

    Needs transaction_id, account_id, merchant_id, event_time (with a zone) and amount; the more of the other
    fields, the more the detectors can say.

    Exits with 0 when the payment was scored, 1 when it cannot be, 2 when used wrongly.

    Example: riskstream score '{"transaction_id": "t1", "account_id": "a1", "merchant_id": "m1",
    "event_time": "2026-11-22T03:10:00Z", "amount": 950, "login_attempts": 5}'
    """
    try:
        trained = load_bundle(settings_from(bundle=bundle).bundle)
        decoded = decode_transactions([_bytes(payment)], [int(datetime.now(UTC).timestamp() * 1000)])[0]
        if isinstance(decoded, Rejection):
            raise StreamError(f"This is no payment: {decoded.message}")
        assessment = assess(enrich_embedded([decoded]), lambda _: None, trained).assessments[0][1]
    except RiskstreamError as error:
        fail(error)
    if as_json:
        typer.echo(msgspec.json.encode(assessment).decode())
    else:
        _show(assessment)


def _bytes(payment: str) -> bytes:
    if payment != "-":
        return payment.encode(errors="surrogateescape")
    return sys.stdin.buffer.read(MOST_BYTES + 1)


def _show(assessment: Assessment) -> None:
    """The assessment for people."""
    console = Console(soft_wrap=True, highlight=False)
    kind = "calibrated probability, in %" if assessment.score_kind == "probability" else assessment.score_kind
    console.print(
        f"score {assessment.fraud_risk_score:.4f} of 100 ({kind}), level {assessment.risk_level}: "
        f"{assessment.recommended_action.replace('_', ' ')}"
    )
    console.print(f"account: {assessment.maturity}; scored with empty memory, as its first payment")
    table = Table("detector", "raw score", "reference payments at least as strange")
    for name in DETECTORS:
        raw, tail = getattr(assessment.scores, name), getattr(assessment.tails, name)
        shown = ("cannot speak", "") if raw is None else (f"{raw:.4f}", "" if tail is None else f"{tail:.3%}")
        table.add_row(DETECTOR_WORDS[name], *shown)
    console.print(table)
    for reason in assessment.reasons:
        console.print(f"{reason.contribution:+8.3f}  {reason.code}  {printable(reason.text)}", markup=False)
    console.print(f"{assessment.baseline:+8.3f}  shared by every payment", markup=False)
    console.print(f"{assessment.other:+8.3f}  from smaller causes", markup=False)
    console.print(f"{assessment.statistic:+8.3f}  in all", markup=False)
    if assessment.provisional:
        console.print("levels are provisional: the bundle saw fewer than 1,000 reference payments")

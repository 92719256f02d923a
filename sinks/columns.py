"""What the archive's columns are and mean, said once: schema, tables, data sets and documentation follow."""

from typing import Final, NamedTuple

import pyarrow as pa

from detectors.assessment import DETECTORS

SCHEMA_VERSION: Final = "1"
"""In every object's metadata as `schema_version`; raised when the meaning of a column changes."""

REASON = pa.struct([("code", pa.string()), ("contribution", pa.float64()), ("text", pa.string())])
_STRINGS = pa.list_(pa.string())


class Column(NamedTuple):
    """One column of a table or view."""

    name: str
    type: pa.DataType
    meaning: str


def _of_detectors(suffix: str, meaning: str) -> tuple[Column, ...]:
    return tuple(Column(f"{each}_{suffix}", pa.float64(), meaning) for each in DETECTORS)


_WEIGHTS = pa.list_(
    pa.struct([("feature", pa.string()), ("text", pa.string()), ("value", pa.float64()), ("weight", pa.float64())])
)
_SHARES = pa.list_(
    pa.struct([("feature", pa.string()), ("text", pa.string()), ("value", pa.float64()), ("share", pa.float64())])
)
SPLITS = pa.list_(pa.struct([("detector", pa.string()), ("features", _SHARES)]))
_NUMBERS = [(name, pa.float64()) for name in ("intercept", "prediction", "actual", "r2", "r2_probability")]
_VIEW = pa.struct([("unit", pa.string()), ("features", _WEIGHTS), *_NUMBERS])

DATE = Column("date", pa.date32(), "UTC date of `event_time`; from the object's name, limits what is read")

COLUMNS: tuple[Column, ...] = (
    Column("assessment_id", pa.string(), "the same for the same payment under the same bundle: deduplicate by it"),
    Column("transaction_id", pa.string(), "as the producer wrote it"),
    Column("account_id", pa.string(), "as the producer wrote it; not masked"),
    Column("merchant_id", pa.string(), "as the producer wrote it"),
    Column("event_time", pa.timestamp("us", tz="UTC"), "when the payment happened"),
    Column("amount", pa.float64(), "in `currency`"),
    Column("currency", pa.string(), "ISO 4217; null is the base currency of the bundle"),
    Column("transaction_type", pa.string(), "as the producer wrote it"),
    Column("channel", pa.string(), "as the producer wrote it"),
    Column("location", pa.string(), "as the producer wrote it"),
    Column("latitude", pa.float64(), "of the payment, else of its IP address"),
    Column("longitude", pa.float64(), "of the payment, else of its IP address"),
    Column("country", pa.string(), "of the payment, ISO 3166-1 alpha-2"),
    Column("ip_country", pa.string(), "where the IP address is"),
    Column("fraud_risk_score", pa.float64(), "0 to 100; what it means is `score_kind`"),
    Column("score_kind", pa.string(), "`probability`, `rarity` or `rarity+feedback`"),
    Column("risk_level", pa.string(), "`low`, `medium`, `high` or `critical`"),
    Column("recommended_action", pa.string(), "`approve`, `review`, `step_up` or `decline`"),
    Column("alert", pa.string(), "`none`, `new`, `escalation` or `folded`"),
    Column("maturity", pa.string(), "how much was known of the account: `new`, `warming` or `mature`"),
    *_of_detectors("score", "raw anomaly score; null where the detector could not speak"),
    *_of_detectors("tail", "share of reference traffic at least as strange"),
    Column("statistic", pa.float64(), "`baseline` + `other` + the contributions of `reasons`"),
    Column("baseline", pa.float64(), "the part of `statistic` that every payment shares"),
    Column("other", pa.float64(), "the part of `statistic` from causes too small to be listed"),
    Column("reason_codes", _STRINGS, "largest contribution first"),
    Column("reasons", pa.list_(REASON), "the same with numbers and sentences"),
    Column("features", pa.list_(pa.float64()), "the row that was scored; null is missing"),
    Column("degraded", _STRINGS, "what was unavailable"),
    Column("late", pa.bool_(), "the payment arrived after a younger one of its account"),
    Column("backfill", pa.bool_(), "from a replay of history, which alerts nobody"),
    Column("provisional", pa.bool_(), "the thresholds rest on fewer than 1,000 reference rows"),
    Column("bundle_version", pa.string(), "what was in use"),
    Column("feature_version", pa.string(), "the order and meaning of `features`"),
    Column("source_partition", pa.int32(), "position in the topic `assessments`"),
    Column("source_offset", pa.int64(), "position in the topic `assessments`"),
    Column("approximate", SPLITS, "from `medium` up: forest and k-means split over features, approximately"),
)
"""Columns are only ever added: a reader fills those that an older object lacks with null."""

EXPLANATION_COLUMNS: tuple[Column, ...] = (
    Column("explanation_id", pa.string(), "the same for the same assessment: deduplicate by it"),
    Column("alert_id", pa.string(), "the `id` of the alert"),
    Column("assessment_id", pa.string(), "the assessment that is explained"),
    Column("transaction_id", pa.string(), "as the producer wrote it"),
    Column("account_id", pa.string(), "as the producer wrote it; not masked"),
    Column("event_time", pa.timestamp("us", tz="UTC"), "when the payment happened"),
    Column("fraud_risk_score", pa.float64(), "0 to 100; what it means is `score_kind`"),
    Column("score_kind", pa.string(), "`probability`, `rarity` or `rarity+feedback`"),
    Column("risk_level", pa.string(), "`high` or `critical`"),
    Column("bundle_version", pa.string(), "what was in use"),
    Column("feature_version", pa.string(), "the meaning of features"),
    Column("method", pa.string(), "`lime`, or `exact` where there was no time for LIME"),
    Column("fallback", pa.string(), "why there is no LIME; null where there is"),
    Column("samples", pa.int64(), "payments that LIME made up around this one"),
    Column("seed", pa.int64(), "from the transaction id"),
    Column("fused", _VIEW, "LIME's view of the fused statistic"),
    Column("logistic", _VIEW, "LIME's view of the logistic detector alone"),
    Column("exact", _WEIGHTS, "exact contributions to the statistic, largest first"),
    Column("approximate", SPLITS, "isolation forest and k-means split over features, approximately"),
    Column("agrees", pa.bool_(), "LIME leads with the same feature; null where that is no question"),
    Column("remark", pa.string(), "where they disagree, why both may be right"),
    Column("source_partition", pa.int32(), "position in the topic `alerts.explained`"),
    Column("source_offset", pa.int64(), "position in the topic `alerts.explained`"),
)

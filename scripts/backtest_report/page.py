"""The report as one HTML file: no script, no request to anywhere, every text of the data escaped."""

from collections.abc import Iterator
from typing import Final

from detectors.evaluation.evaluate import Quality
from scripts.backtest_report import quality as judged
from scripts.backtest_report import traffic
from scripts.backtest_report.blocks import facts, note, section, whole_page
from scripts.backtest_report.document import Document, Source
from scripts.backtest_report.markup import Markup, element, joined
from scripts.backtest_report.numbers import count, percent, range_of, span

DEFINITIONS: Final = (
    (
        "average precision",
        "precision at each fraud's score, averaged over all frauds; chance gives the fraud rate",
    ),
    ("ROC AUC", "share of pairs of a fraud and a genuine payment in which the fraud scores higher"),
    ("precision, recall", "share of frauds among the payments reached; share of all frauds that are reached"),
    (
        "card precision at k",
        "each UTC day accounts are ranked by their highest score and the first k are looked at: the share of "
        "them with a fraud that day. An account that was found takes no part until the next Monday. The mean over "
        "days with at least k accounts; the definition of the Fraud Detection Handbook, week by week",
    ),
    ("value detected", "share of the frauds' amount that is in the payments reached, in base currency"),
    ("Brier score", "mean squared difference between probability and outcome"),
    ("calibration slope", "b of the logistic regression logit(fraud) = a + b logit(p); 1 is right"),
    ("PSI", "sum of (share now - share then) ln(share now / share then) over bins"),
    ("95 % interval", "percentile bootstrap: 200 resamples of whole accounts, seeded; of shares, Wilson's"),
)


def render(document: Document) -> bytes:
    """Return the page as UTF-8."""
    title = f"Backtest of {document.source.name}"
    return whole_page(title, *_sections(document))


def _sections(document: Document) -> Iterator[Markup | None]:
    evaluation = document.evaluation
    quality, trained = evaluation.evaluated, evaluation.trained
    yield _summary(document)
    yield from _notes(document)
    if quality is not None and quality.frauds and quality.average_precision is not None:
        kind = " and ".join(document.score_kinds)
        yield judged.headline(quality, kind, document.bundle.base_currency, evaluation.cards)
    if any(week.quality.average_precision is not None for week in evaluation.weeks):
        yield judged.weekly(evaluation)
    yield traffic.rates(evaluation)
    if quality is not None:
        yield from _later(document, quality)
    yield traffic.stability(evaluation)
    yield traffic.drifts(document.drifts, document.source.archived)
    if trained is not None:
        yield traffic.trained_apart(evaluation, document)
    yield _definitions()


def _later(document: Document, quality: Quality) -> Iterator[Markup | None]:
    """Yield what is told of payments after training only."""
    evaluation = document.evaluation
    labelled = quality.labelled > 0
    if labelled:
        yield judged.budgets(quality)
    yield traffic.levels(quality, labelled)
    yield traffic.maturities(evaluation, labelled)
    if quality.average_precision is not None:
        yield judged.detectors(evaluation.detectors, quality)
    yield judged.reliability(quality)
    yield judged.patterns(evaluation.patterns, quality)
    yield judged.merchants(evaluation.merchants, quality, document.bundle.base_currency)


def _summary(document: Document) -> Markup:
    source, bundle, budgets = document.source, document.bundle, document.bundle.budgets
    parts = _parts(document)
    when = span(parts[0].first_event_time, parts[-1].last_event_time)
    learned = span(bundle.first_event_time, bundle.last_event_time)
    dealt = f"assessed in event-time order from empty memories, dealt to {source.partitions} partitions"
    return facts(
        [
            ("payments", f"{count(source.assessed)} assessed, {when} UTC{_left_out(source)}"),
            ("labels", _labels(document)),
            ("bundle", f"{bundle.version}, trained on {count(bundle.payments)} payments, {learned} UTC"),
            ("score", f"{' and '.join(document.score_kinds)}, 0 to 100. {bundle.why}"),
            (
                "alert budgets",
                f"critical {percent(budgets.critical)}, high or above {percent(budgets.high)}, "
                f"medium or above {percent(budgets.medium)} of payments",
            ),
            ("how", "assessed before, read from the archive" if source.archived else dealt),
        ]
    )


def _parts(document: Document) -> list[Quality]:
    """Return the payments up to the end of training and those after it, where there are any."""
    evaluation = document.evaluation
    return [one for one in (evaluation.trained, evaluation.evaluated) if one is not None]


def _left_out(source: Source) -> str:
    told = [
        (source.malformed, "malformed rows left out"),
        (source.duplicates, "sent twice"),
        (source.conflicts, "rejected: id of an earlier payment, other content"),
        (source.other_bundles, "rows by other bundles left out"),
    ]
    return "".join(f"; {count(number)} {what}" for number, what in told if number)


def _labels(document: Document) -> str:
    source, parts = document.source, _parts(document)
    if source.labels is None:
        return "none"
    labelled, frauds = sum(one.labelled for one in parts), sum(one.frauds for one in parts)
    rest = "; payments that it does not name count as genuine" if source.others_genuine else ""
    return f"{count(labelled)} payments, {count(frauds)} of them fraud, from {source.labels}{rest}"


def _notes(document: Document) -> Iterator[Markup]:
    source, quality = document.source, document.evaluation.evaluated
    if quality is None:
        yield note(
            "Every payment here is one that the bundle was trained on. None of these figures says how it does on "
            "others: backtest later payments."
        )
    elif document.evaluation.trained is not None:
        yield note(
            "Part of this history was used to train the bundle. Those payments are shown apart, in italics or "
            f"outlined; all other figures are of the payments after training, {range_of(quality)}."
        )
    if source.labels is None:
        yield note(
            "There are no labels: how many frauds were found cannot be said. The report shows rates, levels, "
            "drift and PSI only."
        )
    elif quality is not None and not quality.frauds:
        yield note("No payment after training is labelled as fraud, so nothing can be said of ranking or recall.")
    elif quality is not None and quality.frauds == quality.labelled:
        yield note(
            "Only frauds are labelled, so precision and ranking cannot be measured; --others-genuine takes all "
            "other payments as genuine."
        )
    if document.bundle.provisional:
        yield note("The bundle's thresholds are provisional: they rest on fewer than 1,000 reference payments.")


def _definitions() -> Markup:
    listed = [joined((element("dt", name), element("dd", text))) for name, text in DEFINITIONS]
    return section("What the words mean", element("dl", *listed, class_="facts"))

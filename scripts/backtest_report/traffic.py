"""The parts of the page that need no labels: rates against budgets, levels, maturity, drift and PSI."""

from collections.abc import Sequence

from detectors.assessment import DETECTORS
from detectors.evaluation.evaluate import Evaluation, Quality
from detectors.evaluation.reach import LevelReach
from scripts.backtest_report.blocks import figure, note, paragraph, section, table
from scripts.backtest_report.charts import Guide, Point, Series, line_chart, linear_axis
from scripts.backtest_report.document import Document
from scripts.backtest_report.folding import PartitionDrift
from scripts.backtest_report.markup import Markup, joined
from scripts.backtest_report.numbers import NONE, between, count, days_of, percent, range_of, ratio, tick
from scripts.backtest_report.weeks import middle, mondays, week_names

RAISED = ("medium", "high", "critical")
MOST_SERIES = 4
"""Lines of the PSI chart; of a rarity the logistic detector, which has no weight, is in the table only."""
MOST_DRIFTS = 50
"""Rows of the table of drifts; the JSON has all."""


def rates(evaluation: Evaluation) -> Markup:
    """Return how many payments reached each level, against the budget, by week."""
    axis = mondays(evaluation.weeks)
    names = week_names(evaluation.weeks)
    series: list[Series] = []
    guides: list[Guide] = []
    highest = 0.0
    for style, level in enumerate(RAISED):
        reached = [(week, week.quality.levels[style + 1]) for week in evaluation.weeks]
        points = [
            Point(
                middle(week),
                one.upwards.share or 0.0,
                f"{name}: {percent(one.upwards.share)} {_above(level)}, budget {percent(one.budget)}",
                hollow=week.trained,
            )
            for (week, one), name in zip(reached, names, strict=True)
        ]
        budget = reached[0][1].budget or 0.0
        highest = max(highest, budget, *(point.y for point in points))
        series.append(Series(_above(level), points, style))
        guides.append(Guide("" if guides else "budget", (axis.low, budget), (axis.high, budget), style))
    chart = line_chart(
        "Share of payments by level and week, against the alert budgets",
        "Lines are what was reached, dashed lines of the same colour the budgets; outlined: trained on.",
        axis,
        linear_axis("share of payments", highest, tick),
        series,
        guides,
    )
    rows = [
        [name, count(week.quality.payments), count(week.quality.accounts), count(week.quality.alerts)]
        + [percent(week.quality.levels[code].upwards.share) for code in (1, 2, 3)]
        for week, name in zip(evaluation.weeks, names, strict=True)
    ]
    budgets = evaluation.weeks[0].quality.levels
    headers = ["week from (UTC)", "payments", "accounts", "alerts published"]
    headers += [
        f"{_above(level)} (budget {percent(budgets[code].budget)})" for code, level in enumerate(RAISED, 1)
    ]
    caption = "Shares of all payments. A burst of an account is one alert published, and its escalations."
    return section(
        "Realised alert rate against budget",
        figure(chart, "By week, Monday to Sunday, UTC. Outlined: the bundle was trained on these."),
        table(caption, headers, rows, marked=[week.trained for week in evaluation.weeks]),
    )


def levels(quality: Quality, labelled: bool) -> Markup:
    """Return what each level of the bundle came to."""
    headers = ["level", "payments", "share", "at it or above", "budget", "at it or above / budget"]
    if labelled:
        headers += ["frauds", "fraud rate in it", "precision at it or above", "recall at it or above",
                    "value detected"]  # fmt: skip
    rows = [_level_row(one, labelled) for one in reversed(quality.levels)]
    alerts = f"{quality.alerts / days_of(quality):,.1f} alerts were published a day."
    return section(
        "Levels",
        paragraph(f"{range_of(quality)}. {alerts}"),
        table(f"By level, {range_of(quality)}.", headers, rows),
    )


def _level_row(one: LevelReach, labelled: bool) -> list[str]:
    share = one.upwards.share
    times = None if one.budget is None or share is None else share / one.budget
    row = [one.level, count(one.at.payments), percent(one.at.share), percent(share), percent(one.budget)]
    row.append(NONE if times is None else f"{times:.2f}")
    if labelled:
        row += [count(one.at.frauds), percent(one.at.precision), percent(one.upwards.precision),
                percent(one.upwards.recall), percent(one.upwards.value_detected)]  # fmt: skip
    return row


def maturities(evaluation: Evaluation, labelled: bool) -> Markup:
    """Return how young and old accounts fare."""
    headers = ["account is", "payments", "accounts", "at high or above", "budget"]
    if labelled:
        headers += ["frauds", "average precision", "95 % interval", "ROC AUC", "precision at high",
                    "recall at high", "value detected"]  # fmt: skip
    rows = []
    for one in evaluation.maturities:
        quality, high = one.quality, one.quality.levels[2]
        row = [one.maturity, count(quality.payments), count(quality.accounts), percent(high.upwards.share),
               percent(high.budget)]  # fmt: skip
        if labelled:
            row += [count(quality.frauds), ratio(quality.average_precision),
                    between(quality.average_precision_interval), ratio(quality.roc_auc),
                    percent(high.upwards.precision), percent(high.upwards.recall),
                    percent(high.upwards.value_detected)]  # fmt: skip
        rows.append(row)
    when = "" if evaluation.evaluated is None else f", {range_of(evaluation.evaluated)}"
    return section(
        "Maturity of the account",
        table(f"new: up to 4 payments known before; warming: up to 29; mature: 30 or more{when}.", headers, rows),
    )


def stability(evaluation: Evaluation) -> Markup:
    """Return the population stability index of detectors, score and features."""
    watched = [
        name for name in ("score", *DETECTORS) if any(week.psi.get(name) is not None for week in evaluation.weeks)
    ]
    parts: list[Markup] = [
        paragraph(
            "Population stability index. Detectors and score are compared with the bundle's reference payments, "
            "those of its training that its models had not seen; without labels, the last third of them after "
            "warm-up. Below 0.1 is usually read as stable, above 0.25 as shifted; sets of fewer than 1,000 "
            "payments are not compared."
        )
    ]
    if evaluation.psi.get("score") is None and "score" not in watched:
        parts.append(
            paragraph(
                "The score itself is not compared: the bundle holds no reference distribution of it, or there "
                "are too few payments. Its levels against their budgets are above."
            )
        )
    if watched:
        parts += [_psi_chart(evaluation, watched), _psi_table(evaluation, watched)]
    return section("Has the traffic moved?", *parts, _feature_psi(evaluation))


def _psi_chart(evaluation: Evaluation, watched: Sequence[str]) -> Markup:
    names = week_names(evaluation.weeks)
    series = []
    for style, name in enumerate(watched[:MOST_SERIES]):
        known = [
            (week, at) for week, at in zip(evaluation.weeks, names, strict=True) if week.psi[name] is not None
        ]
        points = [
            Point(middle(week), week.psi[name] or 0.0, f"{at}: {ratio(week.psi[name])}",
                  hollow=week.trained)
            for week, at in known
        ]  # fmt: skip
        series.append(Series(_words(name), points, style))
    axis = mondays(evaluation.weeks)
    highest = max(0.3, *(point.y for one in series for point in one.points))
    chart = line_chart(
        "Population stability index by week",
        "One line each for score (where the bundle holds it) and detectors; the dashed lines are 0.1 and 0.25.",
        axis,
        linear_axis("PSI", highest, "{:g}".format),
        series,
        [Guide("0.1, 0.25", (axis.low, 0.1), (axis.high, 0.1)), Guide("", (axis.low, 0.25), (axis.high, 0.25))],
    )
    return figure(chart, "By week, UTC, against the bundle's reference payments. Outlined: trained on.")


def _psi_table(evaluation: Evaluation, watched: Sequence[str]) -> Markup:
    rows = [
        [name, count(week.quality.payments), *(ratio(week.psi[one]) for one in watched)]
        for week, name in zip(evaluation.weeks, week_names(evaluation.weeks), strict=True)
    ]
    marked = [week.trained for week in evaluation.weeks]
    if evaluation.evaluated is not None:
        rows.append(["all after training", count(evaluation.evaluated.payments)]
                    + [ratio(evaluation.psi[one]) for one in watched])  # fmt: skip
        marked.append(False)
    return table("PSI by week.", ["week from (UTC)", "payments", *map(_words, watched)], rows, marked=marked)


def _feature_psi(evaluation: Evaluation) -> Markup:
    before, after = evaluation.trained, evaluation.evaluated
    known = {name: value for name, value in evaluation.feature_psi.items() if value is not None}
    if not known or before is None or after is None:
        return paragraph(
            "Features are not compared: the bundle holds no distribution of them, and this history does not have "
            "1,000 payments both before and after the end of training, to compare with each other."
        )
    ordered = sorted(known.items(), key=lambda held: (-held[1], held[0]))
    return table(
        f"PSI of each feature: payments of this history that the bundle was trained on ({range_of(before)})"
        f" against those after ({range_of(after)}). The bundle itself holds no distribution of features. Counts"
        " and habits grow while an account's memory fills: a history's first weeks differ for that reason alone.",
        ["feature", "PSI"],
        [[name, ratio(value)] for name, value in ordered],
    )


def drifts(found: Sequence[PartitionDrift], archived: bool) -> Markup:
    """Return what the drift detectors reported."""
    if archived:
        text = paragraph("An archive does not hold drift events: see the topic drift, or backtest the payments.")
        return section("Drift events", text)
    if not found:
        return section("Drift events", paragraph("ADWIN found no change of level in any partition."))
    rows = [
        [f"{one.drift.event_time:%Y-%m-%d %H:%M}", str(one.partition), _words(one.drift.series),
         one.drift.direction, f"{one.drift.before:.4g}", f"{one.drift.after:.4g}"]
        for one in found[:MOST_DRIFTS]
    ]  # fmt: skip
    more = f" The first {MOST_DRIFTS} of {count(len(found))}." if len(found) > MOST_DRIFTS else ""
    headers = ["payment time (UTC)", "partition", "series", "direction", "mean before", "mean after"]
    return section(
        "Drift events",
        table(f"Changes of level that ADWIN found, as the topic drift would say.{more}", headers, rows, left=1),
    )


def trained_apart(evaluation: Evaluation, document: Document) -> Markup | None:
    """Return the payments that the bundle was trained on beside the later ones."""
    before = evaluation.trained
    if before is None:
        return None
    labelled = document.source.labels is not None
    headers = ["payments", "when", "number", "accounts", "share at high or above"]
    if labelled:
        headers += ["frauds", "average precision", "95 % interval", "ROC AUC", "recall at high"]
    sets = (("trained on these", before), ("after training", evaluation.evaluated))
    rows = [_set_row(name, one, labelled) for name, one in sets if one is not None]
    until = f"{document.bundle.last_event_time:%Y-%m-%d %H:%M:%S} UTC"
    warning = note(f"The bundle was trained on the payments up to {until}: good figures there are no evidence.")
    shown = table("Apart: before and after the end of training.", headers, rows, left=2)
    return section("Payments that the bundle was trained on", joined((warning, shown)))


def _set_row(name: str, quality: Quality, labelled: bool) -> list[str]:
    high = quality.levels[2].upwards
    row = [name, range_of(quality), count(quality.payments), count(quality.accounts), percent(high.share)]
    if labelled:
        row += [count(quality.frauds), ratio(quality.average_precision),
                between(quality.average_precision_interval), ratio(quality.roc_auc),
                percent(high.recall)]  # fmt: skip
    return row


def _above(level: str) -> str:
    return level if level == "critical" else f"{level} or above"


def _words(name: str) -> str:
    return name.replace("_", " ")

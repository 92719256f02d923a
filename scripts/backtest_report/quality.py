"""The parts of the page that need labels: how well the score ranks, what alerting finds, how honest it is."""

from collections.abc import Sequence

from detectors.evaluation.evaluate import DetectorQuality, Evaluation, MerchantQuality, PatternQuality, Quality
from detectors.evaluation.honesty import Honesty
from detectors.evaluation.reach import ALERT_BUDGETS, BudgetReach
from scripts.backtest_report.blocks import figure, paragraph, section, table, tiles
from scripts.backtest_report.charts import (
    Axis,
    Bar,
    Guide,
    Point,
    Series,
    bar_chart,
    line_chart,
    linear_axis,
    log_axis,
)
from scripts.backtest_report.markup import Markup
from scripts.backtest_report.numbers import between, count, fine, money, percent, range_of, ratio, tick
from scripts.backtest_report.weeks import middle, mondays, week_names

HIGH = 2
"""Position of `high` among the levels."""


def headline(quality: Quality, kind: str, currency: str, cards: int) -> Markup:
    """Return the numbers to look at first."""
    high = quality.levels[HIGH].upwards
    entries = [
        (
            "average precision",
            ratio(quality.average_precision),
            f"95 % interval {between(quality.average_precision_interval)}; chance: {ratio(quality.fraud_rate)}",
        ),
        ("ROC AUC", ratio(quality.roc_auc), "0.5 is chance, 1 is perfect"),
        ("frauds found", percent(high.recall), f"recall at high or above, {count(quality.frauds)} frauds in all"),
        ("alerts that are fraud", percent(high.precision), "precision at high or above"),
        ("value detected", percent(high.value_detected), f"of {money(quality.fraud_amount, currency)} of fraud"),
        (
            f"card precision at {cards}",
            ratio(quality.card_precision),
            f"mean of {count(quality.card_days)} days with {cards} cards or more",
        ),
    ]
    if quality.honesty is not None:
        entries += _honest_tiles(quality.honesty)
    return section(
        "At a glance",
        paragraph(f"{range_of(quality)}: {count(quality.payments)} payments after training, scored as a {kind}."),
        tiles(entries),
    )


def _honest_tiles(honesty: Honesty) -> list[tuple[str, str, str]]:
    return [
        ("Brier score", fine(honesty.brier), f"always saying the fraud rate: {fine(honesty.brier_of_base_rate)}"),
        ("calibration slope", ratio(honesty.calibration_slope), "1 is right; below 1 the score is too extreme"),
        (
            "probability said / found",
            ratio(honesty.mean_p_to_rate),
            "mean probability over fraud rate; 1 is right",
        ),
    ]


def weekly(evaluation: Evaluation) -> Markup:
    """Return average precision by week, with everything else in a table."""
    weeks = [week for week in evaluation.weeks if week.quality.average_precision is not None]
    points = [
        Point(
            middle(week),
            week.quality.average_precision or 0.0,
            f"{name}: {ratio(week.quality.average_precision)}, "
            f"95 % {between(week.quality.average_precision_interval)}",
            week.quality.average_precision_interval,
            hollow=week.trained,
        )
        for week, name in zip(weeks, week_names(weeks), strict=True)
    ]
    parts = [Series("average precision", points, 0)]
    chart = line_chart(
        "Average precision by week",
        "One point a week with its 95 % interval; outlined points are weeks that the bundle was trained on.",
        mondays(weeks),
        linear_axis("average precision", _highest(points), "{:g}".format),
        parts,
    )
    caption = "95 % intervals by bootstrap over accounts. Outlined: the bundle was trained on these."
    return section("Week by week", figure(chart, caption), _weekly_table(evaluation))


def _highest(points: Sequence[Point]) -> float:
    return max(max(p.y, p.interval.high if p.interval else 0.0) for p in points) if points else 1.0


def _weekly_table(evaluation: Evaluation) -> Markup:
    honest = any(week.quality.honesty is not None for week in evaluation.weeks)
    headers = [
        "week from (UTC)", "payments", "frauds", "average precision", "95 % interval", "ROC AUC",
        f"card precision at {evaluation.cards}", "precision at high", "recall at high", "value detected",
    ]  # fmt: skip
    headers += ["Brier", "calibration slope"] if honest else []
    rows = []
    for week, name in zip(evaluation.weeks, week_names(evaluation.weeks), strict=True):
        quality = week.quality
        high = quality.levels[HIGH].upwards
        row = [
            name, count(quality.payments), count(quality.frauds), ratio(quality.average_precision),
            between(quality.average_precision_interval), ratio(quality.roc_auc), ratio(quality.card_precision),
            percent(high.precision), percent(high.recall), percent(high.value_detected),
        ]  # fmt: skip
        if honest:
            said = quality.honesty
            row += [fine(said.brier if said else None), ratio(said.calibration_slope if said else None)]
        rows.append(row)
    return table(
        "By week, Monday to Sunday. “high” is the level or above. In italics: the bundle was trained on these.",
        headers,
        rows,
        marked=[week.trained for week in evaluation.weeks],
    )


def budgets(quality: Quality) -> Markup:
    """Return what each alert budget finds."""
    reached = [one for one in quality.budgets if one.reach.precision is not None]
    text = f"The highest scores that a budget allows, over {range_of(quality)}."
    return section(
        "What an alert budget finds",
        paragraph(
            f"{text} The threshold is chosen on these payments afterwards; the levels below are what the bundle's "
            "own thresholds, fixed before, really gave."
        ),
        figure(_budget_chart(reached), f"{range_of(quality)}, {count(quality.frauds)} frauds."),
        _budget_table(quality),
    )


def _budget_chart(reached: Sequence[BudgetReach]) -> Markup:
    def series(name: str, style: int, values: Sequence[float | None]) -> Series:
        points = [
            Point(one.budget, value, f"{name} {percent(value)} when {percent(one.budget)} are alerted")
            for one, value in zip(reached, values, strict=True)
            if value is not None
        ]
        return Series(name, points, style)

    return line_chart(
        "Precision, recall and value detected by alert budget",
        "Precision falls and recall rises as more payments are alerted.",
        log_axis("share of payments alerted", ALERT_BUDGETS[0], ALERT_BUDGETS[-1], tick),
        Axis("share", 0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0), tick),
        [
            series("precision", 1, [one.reach.precision for one in reached]),
            series("recall", 0, [one.reach.recall for one in reached]),
            series("value detected", 2, [one.reach.value_detected for one in reached]),
        ],
    )


def _budget_table(quality: Quality) -> Markup:
    rows = [
        [
            percent(one.budget), f"{one.least_score:.4f}", count(one.reach.payments), percent(one.reach.share),
            percent(one.reach.precision), percent(one.reach.recall), percent(one.reach.false_positive_rate),
            percent(one.reach.value_detected),
        ]
        for one in quality.budgets
    ]  # fmt: skip
    headers = [
        "alert budget", "least score", "payments", "share reached", "precision", "recall",
        "genuine payments alerted", "value detected",
    ]  # fmt: skip
    return table(f"By alert budget, {range_of(quality)}.", headers, rows)


def detectors(found: Sequence[DetectorQuality], quality: Quality) -> Markup:
    """Return each detector's strangeness beside the fused score."""
    shown = [one for one in found if one.average_precision is not None]
    bars = [
        Bar("fused score", quality.average_precision or 0.0, ratio(quality.average_precision),
            quality.average_precision_interval, 0)
    ]  # fmt: skip
    bars += [
        Bar(_words(one.detector), one.average_precision or 0.0, ratio(one.average_precision),
            one.average_precision_interval, 1)
        for one in shown
    ]  # fmt: skip
    top = max(bar.interval.high if bar.interval else bar.value for bar in bars)
    chart = bar_chart(
        "Average precision of the fused score and of each detector",
        "Bars with 95 % intervals; the fused score stands first.",
        linear_axis("average precision", top, "{:g}".format),
        bars,
    )
    rows = [
        [
            _words(one.detector), percent(one.spoken), ratio(one.average_precision),
            between(one.average_precision_interval), ratio(one.fused_average_precision),
            between(one.fused_gain_interval, 4),
        ]
        for one in found
    ]  # fmt: skip
    headers = [
        "detector", "could speak", "average precision", "95 % interval", "fused score, same payments",
        "fused minus detector, 95 % interval",
    ]  # fmt: skip
    return section(
        "The detectors beside the fused score",
        paragraph("Each detector's strangeness alone, on the payments on which it could speak."),
        figure(chart, f"{range_of(quality)}. 95 % intervals by bootstrap over accounts."),
        table(f"By detector, {range_of(quality)}.", headers, rows),
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def reliability(quality: Quality) -> Markup | None:
    """Return what the probability said beside what was found; None for a rarity."""
    honesty = quality.honesty
    if honesty is None:
        return None
    points = [
        Point(
            max(one.said, 1e-4),
            max(one.found, 1e-4),
            f"said {percent(one.said)}, found {percent(one.found)} of {count(one.payments)} payments",
            one.interval,
        )
        for one in honesty.reliability
    ]
    chart = line_chart(
        "Reliability: probability said and share of frauds found",
        "Points on the dashed diagonal are right; below it the score says too much, above it too little.",
        log_axis("probability said, mean of the bin", 1e-4, 1.0, tick, (1,)),
        log_axis("share of frauds found", 1e-4, 1.0, tick, (1,)),
        [Series("bins, with 95 % intervals", points, 0, joined=False)],
        [Guide("right", (1e-4, 1e-4), (1.0, 1.0))],
    )
    rows = [
        [
            f"{percent(one.least)} to {percent(one.below)}", count(one.payments), count(one.frauds),
            percent(one.said), percent(one.found), f"{percent(one.interval.low)} to {percent(one.interval.high)}",
        ]
        for one in honesty.reliability
    ]  # fmt: skip
    caption = f"{range_of(quality)}, {count(quality.labelled)} labelled payments; both axes logarithmic."
    headers = ["probability", "payments", "frauds", "said (mean)", "found", "95 % interval of found"]
    return section(
        "Is the probability honest?",
        figure(chart, f"{caption} A share of 0 is drawn at the lower end."),
        table(f"Reliability, {range_of(quality)}.", headers, rows),
    )


def patterns(found: Sequence[PatternQuality], quality: Quality) -> Markup | None:
    """Return recall by kind of fraud, where the file tells it."""
    if not found:
        return None
    rows = [[p.pattern, count(p.frauds), percent(p.medium), percent(p.high), percent(p.critical)] for p in found]
    return section(
        "Kinds of fraud",
        table(
            f"Share of frauds found, by kind as the file names it, {range_of(quality)}.",
            ["kind", "frauds", "medium or above", "high or above", "critical"],
            rows,
        ),
    )


def merchants(found: Sequence[MerchantQuality], quality: Quality, currency: str) -> Markup | None:
    """Return where frauds went by unseen."""
    if not found:
        return None
    rows = [
        [m.merchant, count(m.payments), count(m.frauds), count(m.missed), money(m.missed_amount, currency)]
        for m in found
    ]
    return section(
        "Merchants with the largest missed frauds",
        table(
            f"Frauds below high, by amount, {range_of(quality)}.",
            ["merchant", "payments", "frauds", "missed", "amount missed"],
            rows,
        ),
    )

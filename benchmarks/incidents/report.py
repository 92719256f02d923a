"""The benchmark's figures as values, and in words; nothing here measures."""

from collections.abc import Mapping
from typing import Final

import msgspec

from benchmarks.incidents.dials import MIDDLE, Kind
from benchmarks.incidents.recall import Estimate

ABOUT: Final = (
    "Sensitivity to incidents that were put into genuine payments, as described; not a forecast of how much fraud"
    " would be found. The file is synthetic and has no labels: what is un-injected is taken as genuine."
)
NEEDED: Final = {0.02: 0.60, 0.05: 0.80}
"""Alert rate -> least recall at the middle of the dial, mean over kinds."""
NEEDED_RATIO: Final = 1.5


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """What one setting of the dial gives at one alert rate; recalls are shares of incidents with an alert."""

    recall: Estimate
    """Of the fused score."""
    recall_of_payments: Estimate
    """Share of the injected payments themselves that the fused score alerts."""
    alert_rate_given: float
    """Share of un-injected payments alerted, mean over seeds."""
    uninjected_alerts: float
    """Their number, mean over seeds; they are in no recall."""
    uninjected_alerts_on_hit_accounts: float
    """Those among them whose account was hit by an incident, before or after."""
    single: dict[str, Estimate]
    """Recall of each of our detectors alone."""
    fused_less_best_single: Estimate
    """Paired over seeds, against the detector that is best here."""
    rivals: dict[str, float]
    """Mean recall of each raw-column detector."""
    rival: str
    """The raw-column detector that is best over all kinds at this setting and rate."""
    rival_recall: Estimate
    ratio: float | None
    """Recall over the rival's; None where the rival finds nothing."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting of one kind's dial."""

    meaning: str
    at: dict[str, Reached]
    """By alert rate, such as "2%"."""


class Target(msgspec.Struct, frozen=True):
    """What the middle of the dial has to show, mean over kinds."""

    what: str
    needed: float
    reached: float
    met: bool


class Population(msgspec.Struct, frozen=True):
    """Some payments of the file."""

    payments: int
    accounts: int
    first: str
    last: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured."""

    about: str = ABOUT
    file: str
    score_kind: str
    first_half: Population
    """Trained on, un-injected, without labels."""
    second_half: Population
    """Injected into; every memory is empty at its beginning."""
    seeds: int
    incidents_per_run: int
    kinds: dict[Kind, dict[str, Setting]]
    """By kind and setting."""
    all_kinds: dict[str, Setting]
    """The mean of the four kinds, by setting."""
    travel_control: Setting
    """The middle of impossible travel with the thief in the owner's city: what haste alone gives away."""
    targets: list[Target]


def name_of(rate: float) -> str:
    """Return an alert rate as it stands in the JSON.

    >>> name_of(0.02)
    '2%'
    """
    return f"{rate:.0%}"


def targets_of(all_kinds: Mapping[str, Setting]) -> list[Target]:
    """Compare the middle of the dial with what it has to show."""
    targets = []
    for rate, needed in NEEDED.items():
        reached = all_kinds[MIDDLE].at[name_of(rate)]
        recall = reached.recall.mean
        targets.append(Target(f"recall at {name_of(rate)} alerts", needed, recall, recall >= needed))
        ratio = float("inf") if reached.ratio is None else reached.ratio
        what = f"times the best raw-column detector at {name_of(rate)} alerts"
        targets.append(Target(what, NEEDED_RATIO, min(ratio, 999.0), ratio >= NEEDED_RATIO))
    return targets


def in_words(report: Report) -> str:
    """Return the report as a text for a terminal."""
    lines = [
        f"Incidents in {report.file}: {report.seeds} seeds, {report.incidents_per_run} incidents a run",
        ABOUT,
        f"Trained without labels ({report.score_kind}) on {_described(report.first_half)}.",
        f"Injected into {_described(report.second_half)}; every memory empty at its beginning.",
        "Recall: share of incidents with an alert, mean [95 % interval over seeds], where this share of the"
        " un-injected payments of the same run is alerted. Rival: the raw-column detector that is best over all"
        ' kinds at that setting and rate; "here": one that is better at this kind.',
    ]
    for kind, settings in report.kinds.items():
        lines += ["", kind.replace("_", " "), *_table(settings)]
    lines += ["", "all kinds (mean of the four)", *_table(report.all_kinds)]
    control = report.travel_control
    lines += ["", "control: impossible travel, middle, but in the owner's city", *_table({MIDDLE: control})]
    lines += ["", "targets, all kinds at the middle of the dial"]
    for target in report.targets:
        verdict = "met" if target.met else "MISSED"
        lines.append(f"  {target.what}: {target.reached:.2f}, needed {target.needed:.2f}: {verdict}")
    return "\n".join(lines)


def _described(some: Population) -> str:
    return f"{some.payments:,} payments of {some.accounts} accounts, {some.first} to {some.last}"


def _table(settings: Mapping[str, Setting]) -> list[str]:
    lines = []
    for level, setting in settings.items():
        lines.append(f"  {level:8s} {setting.meaning}")
        lines += [f"    {_line(rate, reached)}" for rate, reached in setting.at.items()]
    return lines


def _line(rate: str, reached: Reached) -> str:
    recall, payments = reached.recall, reached.recall_of_payments
    ratio = "-" if reached.ratio is None else f"{reached.ratio:.1f}x"
    name, best = max(reached.rivals.items(), key=lambda each: each[1])
    better = f", here {name} {best:.2f}" if best > reached.rival_recall.mean else ""
    alone = ", ".join(f"{name} {single.mean:.2f}" for name, single in reached.single.items())
    loss = reached.fused_less_best_single
    below = f" (fused is below the best by {-loss.mean:.2f})" if loss.high < 0 else ""
    return (
        f"at {rate}: {recall.mean:.2f} [{recall.low:.2f}, {recall.high:.2f}], payments {payments.mean:.2f};"
        f" {reached.uninjected_alerts:.1f} un-injected alerts ({reached.alert_rate_given:.2%});"
        f" rival: {reached.rival} {reached.rival_recall.mean:.2f} ({ratio}){better}; alone: {alone}{below}"
    )

"""Judges a demo run by what its simulation knows: the same report that `riskstream backtest` writes."""

from pathlib import Path

from detectors.bundle import Bundle
from scripts.backtest_report.document import Document
from scripts.backtest_report.gathering import Told, from_archive, measure
from scripts.backtest_report.progress import stages_of
from scripts.demonstration.world import World
from sinks.archive import open_local_archive

SEED = 0
"""Of the bootstrap behind the report's intervals."""


def judge_run(world: World, bundle: Bundle, archive: Path) -> Document:
    """Return how good the assessments in a copy of the archive are, as far as anybody knows."""
    with stages_of("Judging") as stages:
        gathered = from_archive(open_local_archive(archive), "the demo's archive", bundle, _told(world), stages)
        return measure(gathered, bundle, SEED, stages)


def _told(world: World) -> Told | None:
    """What is known of the live payments, and what became known of those before them."""
    if world.frauds is None:
        return None
    observed = (label.transaction_id for label in world.observed if label.disposition == "confirmed_fraud")
    frauds = dict.fromkeys((*observed, *world.frauds), True)
    return Told(Path(world.title), frauds, others_genuine=True)

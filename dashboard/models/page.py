"""The models page as one value: the bundle in use and the backtest beside it, or why they cannot be shown."""

from pathlib import Path
from typing import Final

import msgspec

from dashboard.models import bundle, report
from dashboard.models.bundle import BundleView
from dashboard.models.report import ReportView

NO_REPORT: Final = (
    "No report of a backtest is given. Make one with: riskstream backtest FILE --json report.json, and start with:"
    " riskstream dashboard --report report.json (or set RISKSTREAM_DASHBOARD_REPORT)."
)


class ModelsView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the page."""

    bundle: BundleView | None
    bundle_problem: str | None
    report: ReportView | None
    report_problem: str | None


class Models:
    """Looks at the files whenever it is asked, so that a new bundle or report is seen without a restart."""

    def __init__(self, bundle_dir: Path, report_file: Path | None) -> None:
        self._manifest = bundle.watched_manifest(bundle_dir)
        self._file = report_file
        self._report = None if report_file is None else report.watched_report(report_file)

    def view(self) -> ModelsView:
        """Return what the files say now. It blocks."""
        manifest, problem = self._manifest.found()
        shown = None if manifest is None else bundle.view_of(manifest)
        if self._report is None or self._file is None:
            return ModelsView(bundle=shown, bundle_problem=problem, report=None, report_problem=NO_REPORT)
        told, wrong = self._report.found()
        version = None if manifest is None else manifest.version
        return ModelsView(
            bundle=shown,
            bundle_problem=problem,
            report=None if told is None else report.view_of(told, self._file.name, version),
            report_problem=wrong,
        )

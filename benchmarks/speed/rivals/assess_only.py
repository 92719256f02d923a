"""The worker with one of its agents: `assess_transactions` alone, wired, fenced and acknowledged as always."""

from sinks.bundles import load_bundle
from stream.logs import configure_logs
from stream.settings import Settings
from stream.worker import end_process, run_worker

AGENTS = frozenset({"assess_transactions"})


def main() -> None:
    """Run until told to stop."""
    settings = Settings()
    configure_logs(settings.log_level)
    end_process(run_worker(settings, load_bundle(settings.bundle), AGENTS))


if __name__ == "__main__":
    main()

"""The command line in this process, with a cluster's settings as its environment."""

from typer.testing import CliRunner, Result

from scripts.main import build
from tests.pipeline.cluster import Cluster


def run_command(cluster: Cluster, *arguments: str, **environment: str) -> Result:
    """Run `riskstream ARGUMENTS` to its end; it must not raise anything but its exit code."""
    return CliRunner().invoke(
        build(), list(arguments), env={**cluster.environment, **environment}, catch_exceptions=False
    )

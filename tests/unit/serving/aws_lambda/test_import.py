"""A cold start brings no more into memory than the function needs."""

import subprocess
import sys
from pathlib import Path

HEAVY = (
    "faust",
    "sklearn",
    "scipy",
    "pandas",
    "river",
    "lime",
    "aiokafka",
    "confluent_kafka",
    "aiohttp",
    "duckdb",
    "typer",
)


def test_the_function_starts_without_what_only_others_need() -> None:
    code = f"import sys, serving.aws_lambda.handler; print([name for name in {HEAVY!r} if name in sys.modules])"
    root = Path(__file__).parents[4]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from scripts.score import score
from sinks.bundles import save_bundle
from tests.unit.detectors.histories import probability_bundle, rarity_bundle

PAYMENT = {
    "transaction_id": "t1",
    "account_id": "account-000042",
    "merchant_id": "m1",
    "event_time": "2026-02-01T03:10:00Z",
    "amount": 950,
    "login_attempts": 5,
}


def run(payment: str, *options: str | Path, stdin: str | None = None) -> Result:
    app = typer.Typer()
    app.command()(score)
    return CliRunner().invoke(app, [payment, *map(str, options)], input=stdin)


@pytest.fixture(params=[rarity_bundle, probability_bundle], ids=["rarity", "probability"])
def bundle(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    save_bundle(request.param(), tmp_path)
    return tmp_path


def test_a_payment_is_scored_and_explained(bundle: Path) -> None:
    result = run(json.dumps(PAYMENT), "--bundle", bundle)
    assert result.exit_code == 0, result.output
    assert any(code in result.output for code in ("LOGIN_ATTEMPTS_HIGH", "AMOUNT_ABOVE_ACCOUNT_NORM"))
    for words in (
        "of 100",
        "level",
        "z-score",
        "k-means",
        "isolation forest",
        "empty memory",
    ):
        assert words in result.output


def test_standard_input_gives_the_same_as_an_argument(bundle: Path) -> None:
    text = json.dumps(PAYMENT)
    assert run("-", "--bundle", bundle, stdin=text).output == run(text, "--bundle", bundle).output


def test_json_is_the_whole_assessment_and_adds_up(bundle: Path) -> None:
    found: dict[str, Any] = json.loads(run(json.dumps(PAYMENT), "--bundle", bundle, "--json").output)
    assert found["transaction_id"] == "t1"
    assert found["maturity"] == "new"
    parts = found["baseline"] + found["other"] + sum(reason["contribution"] for reason in found["reasons"])
    assert parts == pytest.approx(found["statistic"], abs=1e-9)


@pytest.mark.parametrize(
    "payment", ["{", "[]", "", '{"transaction_id": "t1"}', json.dumps(PAYMENT | {"amount": "x"})]
)
def test_what_is_no_payment_is_refused_without_its_account(bundle: Path, payment: str) -> None:
    result = run(payment, "--bundle", bundle)
    assert result.exit_code == 1
    assert "error: This is no payment" in result.output
    assert "account-000042" not in result.output


def test_without_a_bundle_it_says_how_to_train_one(tmp_path: Path) -> None:
    result = run(json.dumps(PAYMENT), "--bundle", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "riskstream train" in result.output

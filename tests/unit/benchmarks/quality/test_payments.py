from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.quality.errors import QualityError
from benchmarks.quality.payments import read_payments
from tests.unit.benchmarks.quality import worlds


def test_payments_come_in_order_of_time_whatever_the_file_has(tmp_path: Path) -> None:
    payments = worlds.payments(tmp_path)
    assert (np.diff(payments.time) >= 0).all()
    assert len(payments) == worlds.DAYS * worlds.PER_DAY


def test_a_payment_without_label_is_not_known_to_be_fraud(tmp_path: Path) -> None:
    blank = worlds.blanked(worlds.table(), 0)
    assert not read_payments(worlds.write(tmp_path / "blank.parquet", blank)).fraud.any()


def test_ids_may_be_text_and_scenarios_untold(tmp_path: Path) -> None:
    table = worlds.table().drop_columns(["fraud_scenario"])
    named = pa.array([f"C{customer}" for customer in table["customer_id"].to_pylist()])
    table = table.set_column(table.column_names.index("customer_id"), "customer_id", named)
    payments = read_payments(worlds.write(tmp_path / "text.parquet", table))
    assert set(payments.scenario.tolist()) == {-1}
    assert payments.customer[0].startswith("C")
    assert len(np.unique(payments.card)) == len(set(named.to_pylist()))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(QualityError, match="no column amount"):
        read_payments(worlds.write(tmp_path / "less.parquet", worlds.table().drop_columns(["amount"])))


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.parquet"
    path.write_bytes(b"nothing")
    with pytest.raises(QualityError, match=r"none\.parquet cannot be read"):
        read_payments(path)

"""What an account remembers of verdicts: which payments its own habits explain, and which were labelled.

It decides how a label changes the number of frauds that a merchant is held responsible for: once, however often
the label comes, and not at all where the account itself gave the fraud away.
"""

from hashlib import blake2b
from typing import Final

from detectors.labels import Label
from detectors.ring import find
from detectors.windows import whole_seconds

ID_BYTES: Final = 3
"""One label in a million is taken for that of another payment (16 / 2^24)."""
EXPLAINED: Final = 16
"""How many of the latest explained payments are remembered."""
LABELLED: Final = 16
"""How many of the latest labels are remembered; a label older than these counts as new if it comes again."""
_ENTRY: Final = ID_BYTES + 5
_COUNTED, _NOT_COUNTED = b"\1", b"\0"


def identity(transaction_id: str) -> bytes:
    """The hash that stands for a payment."""
    return blake2b(transaction_id.encode(), digest_size=ID_BYTES).digest()


def explain(explained: bytes, payment: bytes) -> bytes:
    """Remember that the account's habits explain a payment."""
    return (explained + payment)[-EXPLAINED * ID_BYTES :]


def retract(labelled: bytes, payment: bytes) -> tuple[int, bytes]:
    """A payment turns out to be explained: take back a fraud that was counted before the payment came.

    Returns the change (-1 or 0) of the merchant's frauds, and the labels as they are then remembered.
    """
    at = find(labelled, payment, _ENTRY)
    if at < 0 or labelled[at + _ENTRY - 1 : at + _ENTRY] != _COUNTED:
        return 0, labelled
    return -1, labelled[: at + _ENTRY - 1] + _NOT_COUNTED + labelled[at + _ENTRY :]


def judge(explained: bytes, labelled: bytes, label: Label) -> tuple[int | None, bytes]:
    """A label comes in.

    Returns the change (-1, 0 or 1) of the merchant's frauds, None for a label that is no news, and the labels as
    they are then remembered. Of two labels of one payment the one observed later holds.
    """
    payment, observed = identity(label.transaction_id), whole_seconds(label.observed_at).to_bytes(4, "big")
    blamed = label.disposition == "confirmed_fraud" and find(explained, payment, ID_BYTES) < 0
    entry = payment + observed + (_COUNTED if blamed else _NOT_COUNTED)
    at = find(labelled, payment, _ENTRY)
    if at < 0:
        return int(blamed), (labelled + entry)[-LABELLED * _ENTRY :]
    if observed <= labelled[at + ID_BYTES : at + ID_BYTES + 4]:
        return None, labelled
    was = labelled[at + _ENTRY - 1 : at + _ENTRY] == _COUNTED
    return int(blamed) - int(was), labelled[:at] + labelled[at + _ENTRY :] + entry

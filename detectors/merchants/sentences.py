"""The sentences behind the reasons that lie with the merchant; see `detectors.sentences`."""

from detectors.merchants.reading import WINDOW_DAYS
from detectors.observation import Details
from detectors.sentences import LITTLE_HISTORY, Row, Told, plural

NOTABLE_MEAN_Z = 0.5
"""A mean over several customers moves less than one of them."""


def risk(row: Row, details: Details) -> Told:
    """Frauds that became known at the merchant."""
    sums = details.merchant.sums
    for days, frauds, seen in zip(WINDOW_DAYS, sums.frauds, sums.exposed, strict=True):
        if frauds:
            window = "a day" if days == 1 else f"{days} days"
            text = f"{frauds} of {plural(seen, 'payment')} at this merchant in {window} turned out to be fraud"
            return "MERCHANT_RISK_HIGH", text
    return None


def amounts(row: Row, details: Details) -> Told:
    """The merchant's customers pay more, or less, than they usually do."""
    payments, deviations = details.merchant.sums.payments[0], details.merchant.sums.deviations[0]
    if not payments:
        return None
    mean = deviations / 1000 / payments
    if abs(mean) < NOTABLE_MEAN_Z:
        return None
    side = "above" if mean > 0 else "below"
    text = (
        f"{plural(payments, 'payment')} at this merchant lately: on average {abs(mean):.1f} deviations {side}"
        " what its customers usually pay"
    )
    return "MERCHANT_AMOUNTS_UNUSUAL", text


def velocity(row: Row, details: Details) -> Told:
    """The merchant is busier than in the month before, or has hardly been seen."""
    day, _, month = details.merchant.sums.payments
    if not details.merchant.known:
        return None
    if month < LITTLE_HISTORY:
        return "MERCHANT_VELOCITY_UNUSUAL", f"{plural(month, 'payment')} known at this merchant in 30 days"
    if (day + 1) < 2 * (month / 30 + 1):
        return None
    text = f"{plural(day, 'payment')} at this merchant in a day; {month / 30:.1f} a day in 30 days"
    return "MERCHANT_VELOCITY_UNUSUAL", text

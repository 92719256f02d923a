"""The sentences behind the reasons. Each function checks its claim against the payment and says nothing if untrue.

Rows may hold None or NaN for a missing value. Counts and sums do not include the payment itself.
"""

import math
from collections.abc import Sequence

from detectors.baseline import MAX_BALANCE_SHARE
from detectors.features import FEATURES
from detectors.numerics import NUMERICS, usual
from detectors.observation import Details
from detectors.travel import FASTEST_KMH

Row = Sequence[float | None]
"""In the order of FEATURES."""
Told = tuple[str, str] | None
"""A code and its sentence."""

AIRLINER_KMH = 1000.0
"""Nobody travels faster; airliners cruise at about 900 km/h."""
NOTABLE_Z = 1.0
"""Fewer standard deviations from usual are usual."""
OUTLIER_Z = 2.0
"""From here on a deviation of an earlier payment is worth a sentence."""
LITTLE_HISTORY = 10
"""Fewer known payments are little."""

_AT = {name: index for index, name in enumerate(FEATURES)}
_LOG_AMOUNT = _AT["log_amount"]
_AMOUNT_Z = _AT["amount_z"]
_MAX_AMOUNT_Z_1D = _AT["max_amount_z_1d"]
_MAX_AMOUNT_Z_7D = _AT["max_amount_z_7d"]
_MAX_AMOUNT_Z_30D = _AT["max_amount_z_30d"]
_COUNT_1H = _AT["count_1h"]
_COUNT_1D = _AT["count_1d"]
_COUNT_7D = _AT["count_7d"]
_COUNT_30D = _AT["count_30d"]
_AMOUNT_1D = _AT["amount_1d"]
_AMOUNT_7D = _AT["amount_7d"]
_AMOUNT_30D = _AT["amount_30d"]
_GAP = _AT["gap"]
_GAP_Z = _AT["gap_z"]
_NEW_DEVICE = _AT["new_device"]
_NEW_MERCHANT = _AT["new_merchant"]
_NEW_COUNTRY = _AT["new_country"]
_TRAVEL_SPEED = _AT["travel_speed"]
_HOUR_RARITY = _AT["hour_rarity"]
_BALANCE_SHARE = _AT["balance_share"]
_DURATION_Z = _AT["duration_z"]
_IP_COUNTRY_MISMATCH = _AT["ip_country_mismatch"]
_USUAL_AMOUNT, _USUAL_GAP, _USUAL_DURATION, _USUAL_LOGINS, _USUAL_SHARE = range(len(NUMERICS))
_EVEN_HOUR = 1 / 24
_expm1 = math.expm1


def _value(row: Row, at: int) -> float | None:
    value = row[at]
    return None if value is None or value != value else value


def _count(row: Row, at: int) -> float:
    """The value of a feature that is a log1p; 0 where missing."""
    value = row[at]
    return _expm1(value) if value and value == value else 0.0


def _usual(details: Details, index: int) -> float | None:
    """The mean that a numeric of this account is compared with."""
    prior = details.segment.priors[index]
    if prior is None:
        return None
    return usual(details.habits[index], prior, details.baseline.shrinkage)[0]


def _usual_amount(details: Details) -> str:
    return f"{math.expm1(_usual(details, _USUAL_AMOUNT) or 0.0):,.2f}"


def _amount(details: Details) -> str:
    currency, base = details.transaction.currency, details.baseline.base_currency
    converted = f" {base}" if currency is not None and currency != base else ""
    return f"amount {details.amount:,.2f}{converted}"


def span(seconds: float) -> str:
    """A duration in its natural unit.

    >>> span(12), span(300), span(50_000), span(400_000)
    ('12 s', '5 min', '13.9 hours', '4.6 days')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 86_400:.1f} days"


def plural(count: float, noun: str) -> str:
    """A count and its noun.

    >>> plural(1, "payment"), plural(1200, "payment")
    ('1 payment', '1,200 payments')
    """
    return f"{count:.0f} {noun}" if 0.5 < count < 1.5 else f"{count:,.0f} {noun}s"


def amount_of_account(row: Row, details: Details) -> Told:
    """The amount against the account's own habit, above or below."""
    z = _value(row, _AMOUNT_Z)
    if z is None or abs(z) < NOTABLE_Z:
        return None
    direction = "above" if z > 0 else "below"
    habit = details.habits[0]
    owner = (
        f"this account's usual {_usual_amount(details)} over {plural(habit.count, 'payment')}"
        if habit
        else (f"the usual {_usual_amount(details)} of similar customers")
    )
    text = f"{_amount(details)} is {abs(z):.1f} deviations {direction} {owner}"
    return f"AMOUNT_{direction.upper()}_ACCOUNT_NORM", text


def amount_of_segment(row: Row, details: Details) -> Told:
    """The amount against what similar customers pay."""
    prior, value = details.segment.priors[0], _value(row, _LOG_AMOUNT)
    if prior is None or value is None or abs(value - prior.mean) < NOTABLE_Z * math.sqrt(prior.var):
        return None
    return "AMOUNT_UNUSUAL", f"{_amount(details)}; similar customers usually pay {math.expm1(prior.mean):,.2f}"


def recent_outlier(row: Row, details: Details) -> Told:
    """An unusually large payment shortly before."""
    z = _value(row, _MAX_AMOUNT_Z_30D)
    if z is None or z < OUTLIER_Z:
        return None
    if _value(row, _MAX_AMOUNT_Z_1D) == z:
        window = "day"
    elif _value(row, _MAX_AMOUNT_Z_7D) == z:
        window = "7 days"
    else:
        window = "30 days"
    text = f"a payment in the last {window} was {z:.1f} deviations above this account's usual"
    return "RECENT_AMOUNT_OUTLIER", text


def _days(details: Details) -> float:
    """Days that the account is known, within the longest window."""
    days = details.days
    return 1.0 if days < 1.0 else 30.0 if days > 30.0 else days


def velocity(row: Row, details: Details) -> Told:
    """More payments than usual in the last hour, day or week."""
    daily = _count(row, _COUNT_30D) / _days(details)
    if (count := _count(row, _COUNT_1H)) > 1.5 and count > daily / 4:
        window = "hour"
    elif (count := _count(row, _COUNT_1D)) > daily * 1.01:
        window = "day"
    elif details.days > 8 and (count := _count(row, _COUNT_7D)) > daily * 7.01:
        window = "7 days"
    else:
        return None
    about = "about " if details.approximate else ""
    habit = f"; usual is {daily:,.1f} a day" if details.days >= 2 else ""
    return "TX_VELOCITY_HIGH", f"{about}{plural(count, 'earlier payment')} in the last {window}{habit}"


def spending(row: Row, details: Details) -> Told:
    """More money than usual in the last day or week."""
    if details.days < 2:
        return None
    daily = _count(row, _AMOUNT_30D) / _days(details)
    if (spent := _count(row, _AMOUNT_1D)) > daily * 1.01:
        window = "day"
    elif details.days > 8 and (spent := _count(row, _AMOUNT_7D)) > daily * 7.01:
        window = "7 days"
    else:
        return None
    return "SPEND_VELOCITY_HIGH", f"{spent:,.0f} spent in the last {window}; usual is {daily:,.0f} a day"


def time_since_last(row: Row, details: Details) -> Told:
    """The time since the last payment, unusually short or long."""
    z = _value(row, _GAP_Z)
    if z is None or abs(z) < NOTABLE_Z or (mean := _usual(details, _USUAL_GAP)) is None:
        return None
    text = f"{span(_count(row, _GAP))} after the last payment; usual is {span(math.expm1(mean))}"
    return "TIME_SINCE_LAST_UNUSUAL", text


def new_device(row: Row, details: Details) -> Told:
    """A device that the account does not recognise."""
    return ("NEW_DEVICE", "a device this account has not used lately") if _value(row, _NEW_DEVICE) else None


def new_merchant(row: Row, details: Details) -> Told:
    """A merchant that the account does not recognise."""
    return ("NEW_MERCHANT", "a merchant this account has not paid lately") if _value(row, _NEW_MERCHANT) else None


def new_country(row: Row, details: Details) -> Told:
    """A country that the account does not recognise."""
    if not _value(row, _NEW_COUNTRY):
        return None
    country = details.transaction.country or details.transaction.ip_country
    return "NEW_COUNTRY", f"paid from {country}, where this account has not paid lately"


def travel(row: Row, details: Details) -> Told:
    """The speed from the last payment's place."""
    speed = round(_count(row, _TRAVEL_SPEED), 1)
    if speed <= 0.0:
        return None
    code = "IMPOSSIBLE_TRAVEL" if speed > AIRLINER_KMH else "UNUSUAL_TRAVEL"
    figure = f"over {FASTEST_KMH:,.0f}" if speed >= FASTEST_KMH else f"{speed:,.0f}"
    return code, f"{figure} km/h from the last payment's place"


def time_of_day(row: Row, details: Details) -> Told:
    """An hour in which the account, or while it is young its segment, seldom pays."""
    rarity = row[_HOUR_RARITY]
    if rarity is None or not (share := math.exp(-rarity)) < _EVEN_HOUR:
        return None
    owner = "this account's" if details.payments >= LITTLE_HISTORY else "similar customers'"
    time = details.transaction.event_time
    text = f"{time.hour:02}:{time.minute:02} UTC; {share:.1%} of {owner} payments fall near it"
    return "UNUSUAL_TIME_OF_DAY", text


def login_attempts(row: Row, details: Details) -> Told:
    """More log-in attempts than usual."""
    attempts = details.transaction.login_attempts
    if attempts is None:
        return None
    mean = _usual(details, _USUAL_LOGINS)
    if attempts <= (1.0 if mean is None else mean):
        return None
    habit = "" if mean is None else f"; usual is {mean:.1f}"
    return "LOGIN_ATTEMPTS_HIGH", f"{plural(attempts, 'log-in attempt')}{habit}"


def balance_drain(row: Row, details: Details) -> Told:
    """A larger share of the balance than usual."""
    share = _value(row, _BALANCE_SHARE)
    mean = _usual(details, _USUAL_SHARE)
    if share is None or share <= (0.5 if mean is None else mean):
        return None
    if share >= MAX_BALANCE_SHARE:
        taken = "far more than the balance"
    elif share > 1:
        taken = f"{share:.1f} times the balance"
    else:
        taken = f"{share:.0%} of the balance"
    return "BALANCE_DRAIN", taken if mean is None else f"{taken}; usual is {mean:.0%}"


def duration(row: Row, details: Details) -> Told:
    """A payment that took unusually long or short."""
    z, seconds = _value(row, _DURATION_Z), details.transaction.duration_s
    if z is None or seconds is None or abs(z) < NOTABLE_Z or (mean := _usual(details, _USUAL_DURATION)) is None:
        return None
    return "UNUSUAL_DURATION", f"took {span(seconds)}; usual is {span(math.expm1(mean))}"


def ip_country(row: Row, details: Details) -> Told:
    """Another country than that of the IP address."""
    if not _value(row, _IP_COUNTRY_MISMATCH):
        return None
    tx = details.transaction
    return "IP_COUNTRY_MISMATCH", f"paid in {tx.country}, from an IP address in {tx.ip_country}"


def history(row: Row, details: Details) -> Told:
    """An account of which little is known."""
    if details.payments >= LITTLE_HISTORY:
        return None
    if details.payments == 0:
        return "NO_HISTORY", "first payment of this account"
    return "NO_HISTORY", f"only {plural(details.payments, 'earlier payment')} of this account known"


def isolated_pattern(row: Row, details: Details) -> Told:
    """The isolation forest's term."""
    return "ISOLATED_PATTERN", "few payments look like this one when all features are taken together"


def far_from_clusters(row: Row, details: Details) -> Told:
    """The k-means detector's term."""
    return "FAR_FROM_CLUSTERS", "unlike every common kind of payment"


def learned_pattern(row: Row, details: Details) -> Told:
    """The logistic detector's term, where it is not split over features."""
    return "LEARNED_PATTERN", "resembles the payments that the logistic model was taught to suspect"

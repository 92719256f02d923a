"""The four kinds of incident and how plainly each shows, in units that a fraud analyst would use.

Each kind shows by what its name says: an account of this file pays every other month, so two payments within hours
are strange whatever else they are, and only the kinds that are about haste come in haste. The settings follow from
what such frauds look like and from what the file calls ordinary; they are not to be moved towards a result.
"""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["amount_burst", "velocity_burst", "takeover", "impossible_travel"]


@dataclass(frozen=True, kw_only=True)
class Dial:
    """One setting of one kind: what an incident is made of."""

    payments: int = 1
    """How many an incident has."""
    minutes: tuple[float, float] | None = None
    """Between one payment of the incident and the next, drawn evenly."""
    days: tuple[int, int] | None = None
    """The same in banking days (those on which the file has payments), both ends included."""
    times_usual: tuple[float, float] | None = None
    """The amount as a multiple of the account's median, drawn evenly; None: one of the account's own amounts."""
    logins: int = 1
    """Log-in attempts before the first payment; the thief is in by then."""
    drained: float | None = None
    """Share of the balance that goes, in equal parts; the amount follows from it."""
    after_minutes: float | None = None
    """From a payment of the owner to the first of the incident; None: at any time."""
    away_km: float | None = None
    """Least distance from the city of that payment; None: in the owner's city."""

    def words(self) -> str:
        """Return the setting in words.

        >>> Dial(logins=4, drained=0.6).words()
        '4 log-in attempts, then 60% of the balance in 1 payment'
        """
        if self.drained is not None:
            return f"{self.logins} log-in attempts, then {self.drained:.0%} of the balance in {self._series()}"
        if self.after_minutes is not None:
            where = "in the owner's city" if self.away_km is None else f"{self.away_km:,.0f} km away"
            return f"{self._series()} {where}, {self.after_minutes:g} min after the owner's"
        if self.times_usual is not None:
            low, high = self.times_usual
            return f"{self._series()} of {low:g}-{high:g} times the account's median"
        return f"{self._series()} of ordinary amounts"

    def _series(self) -> str:
        if self.minutes is not None:
            return f"{self.payments} payments {self.minutes[0]:g}-{self.minutes[1]:g} min apart"
        if self.days is not None:
            return f"{self.payments} payments {self.days[0]}-{self.days[1]} banking days apart"
        return f"{self.payments} payment" + "s" * (self.payments > 1)


LEVELS: Final = ("faint", "subtle", "middle", "plain", "blatant")
MIDDLE: Final = "middle"
"""The setting that targets refer to."""


def _amounts(low: float, high: float) -> Dial:
    return Dial(payments=3, days=(1, 3), times_usual=(low, high))


DIALS: Final[dict[Kind, tuple[Dial, Dial, Dial, Dial, Dial]]] = {
    # A stolen card buys what can be sold, day after day. About five times the usual is what this product's
    # simulator and the Fraud Detection Handbook's scenario 3 use; twice the median is every fifth genuine payment.
    "amount_burst": (_amounts(1.5, 2.5), _amounts(2.5, 3.5), _amounts(4, 6), _amounts(7, 9), _amounts(10, 14)),
    # Cards are tried or emptied in a row: some five payments in half an hour; three in two hours may be shopping.
    "velocity_burst": (
        Dial(payments=3, days=(1, 2)),
        Dial(payments=3, minutes=(30, 60)),
        Dial(payments=5, minutes=(4, 11)),
        Dial(payments=8, minutes=(1.5, 4)),
        Dial(payments=12, minutes=(0.5, 2)),
    ),
    # A few guesses at the password, then the money goes at once. Every twentieth genuine payment of the file has
    # two to five attempts, and every twelfth is over half the balance; together they are rare.
    "takeover": (
        Dial(logins=2, drained=0.2),
        Dial(logins=3, drained=0.4),
        Dial(logins=4, drained=0.6),
        Dial(logins=6, drained=0.8),
        Dial(logins=10, drained=0.95),
    ),
    # An airliner covers 800-900 km in an hour, airports left out: the faintest setting is just possible.
    "impossible_travel": (
        Dial(after_minutes=60, away_km=400),
        Dial(after_minutes=60, away_km=800),
        Dial(after_minutes=60, away_km=1500),
        Dial(after_minutes=45, away_km=2500),
        Dial(after_minutes=30, away_km=3500),
    ),
}
"""From faint to blatant, in the order of LEVELS."""
IN_OWNERS_CITY: Final = Dial(after_minutes=60)
"""The control for impossible travel: the middle setting without the travel."""
KINDS: Final[tuple[Kind, ...]] = tuple(DIALS)

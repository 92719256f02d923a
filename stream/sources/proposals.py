"""Proposes a column map for a file that nobody has described, from its headers and its first rows.

A proposal is for a person to check: it is shown and saved before it is used, with what it took for granted.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import msgspec

from stream.sources.cells import CellError, cell_reader, is_absent, label_of
from stream.sources.columns import POSITIVE, ColumnMap, LabelColumns, Options

SHARE = 0.8
"""Of the sampled cells this many must read as the field, so that a few bad rows do not hide a column."""

# Per field: names that mean it, best first, in lower case without anything but letters and digits.
_NAMES: dict[str, str] = {
    "event_time": "eventtime eventtimestamp timestamp transactiontimestamp transactiondatetime txdatetime"
    " transdatetranstime transactiondate transactiontime txtime txdate transdate datetime time date createdat"
    " created bookingdate postedat paymentdate purchasedate occurredat unixtime ts",
    "amount": "amount transactionamount txamount transamount paymentamount purchaseamount amt amountusd"
    " amounteur amountgbp value total price sum",
    "account_id": "accountid account accountnumber accountno acctid customerid customer clientid userid cardid"
    " cardnumber ccnum cardno card iban payerid payer sender senderid senderaccount nameorig originaccount"
    " client user customerno",
    "merchant_id": "merchantid merchant merchantname merchantno terminalid terminal shopid shop storeid store"
    " vendorid vendor sellerid payeeid payee beneficiary beneficiaryid receiver receiverid receiveraccount"
    " namedest counterparty",
    "transaction_id": "transactionid transactionno transactionnumber txid txnid trxid transid transnum tranid"
    " paymentid orderid referenceid reference eventid uuid id",
    "currency": "currency currencycode transactioncurrency ccy",
    "transaction_type": "transactiontype txtype trantype paymenttype type operation kind",
    "channel": "channel paymentchannel entrymode usechip medium",
    "device_id": "deviceid device devicefingerprint deviceuuid terminaldevice imei",
    "ip_address": "ipaddress ip ipaddr clientip sourceip userip remoteaddr",
    "latitude": "latitude lat merchlat merchantlat merchantlatitude geolat",
    "longitude": "longitude long lon lng merchlong merchlon merchantlong merchantlongitude geolon",
    "location": "location city merchantcity town place",
    "country": "country countrycode merchantcountry countryiso",
    "customer_age": "customerage age clientage userage",
    "customer_occupation": "customeroccupation occupation job profession",
    "duration_s": "durations duration transactionduration durationseconds sessionduration",
    "login_attempts": "loginattempts logins failedlogins loginattemptcount",
    "account_balance": "accountbalance balance balancebefore oldbalanceorg currentbalance availablebalance",
}
_LABELS = "isfraud fraud fraudulent isfraudulent fraudlabel fraudflag fraudind txfraud class label target"
_PATTERNS = "fraudpattern fraudscenario txfraudscenario fraudtype fraudkind"
_FRAUD = (*POSITIVE, "y", "fraudulent")
_GENUINE = ("0", "false", "no", "n", "genuine", "legit", "legitimate", "normal", "notfraud", "not fraud")

# A time that belongs to something else than this payment.
_NOT_THE_PAYMENT = re.compile(r"prev|last|next|birth|dob|expir|open|updat|regist|since", re.IGNORECASE)

_DATES = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d %b %Y", "%b %d, %Y")
_CLOCKS = (" %H:%M:%S", " %H:%M", "", " %H:%M:%S.%f", " %I:%M:%S %p", " %I:%M %p", "T%H:%M:%S")
TIME_FORMATS = tuple(date + clock for date in _DATES for clock in _CLOCKS)
_EPOCH_RANGE = {"epoch_s": (5e8, 5e9), "epoch_ms": (5e11, 5e12)}
"""1985 to 2128: numbers outside are counts or ids, not times."""


def propose_columns(header: Sequence[str], sample_rows: Sequence[Sequence[object]]) -> ColumnMap:
    """Propose which column is which field; `ColumnMap.unmapped()` tells what could not be found.

    A column is taken for a field when its name means the field and its values read as it; times and IP
    addresses are found by their values alone too.

    >>> rows = [["7", "C1", "M1", "05.01.2026 13:45", "12.50"]]
    >>> proposal = propose_columns(["Tx ID", "Client", "Shop", "Booked", "Amount"], rows)
    >>> proposal.columns["event_time"], proposal.options.time_format
    ('Booked', '%d.%m.%Y %H:%M')
    """
    search = _Search(list(header), sample_rows)
    for name in _NAMES:
        search.by_name(name)
    search.by_value("event_time")
    search.by_value("ip_address")
    if ("latitude" in search.found) != ("longitude" in search.found):
        search.drop("latitude", "longitude")
    labels = search.labels()
    if "transaction_id" not in search.found:
        search.options = msgspec.structs.replace(search.options, number_rows=True)
        search.notes.append("No column holds an id for each payment; the rows are numbered instead.")
    columns = {name: search.found[name] for name in _NAMES if name in search.found}
    return ColumnMap(columns=columns, options=search.options, labels=labels, notes=tuple(search.notes))


@dataclass(slots=True)
class _Search:
    """The columns given away so far, and how their cells are to be read."""

    header: list[str]
    rows: Sequence[Sequence[object]]
    found: dict[str, str] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    notes: list[str] = field(default_factory=list)

    def by_name(self, name: str) -> None:
        """Give the field the column whose name means it, best name first, exact names before longer ones."""
        for column in self._named(_NAMES[name]):
            if self._take(name, column):
                return

    def by_value(self, name: str) -> None:
        """Give the field, if it has no column yet, the first column whose values can be nothing else."""
        for column in () if name in self.found else self._free():
            if self._cells(column) and self._take(name, column):
                return

    def drop(self, *names: str) -> None:
        """Give columns back."""
        for name in names:
            self.found.pop(name, None)

    def labels(self) -> LabelColumns | None:
        """Return the label column: named as one, with no values but those of a label."""
        for column in self._named(_LABELS):
            if {label_of(cell) for cell in self._cells(column)} <= {*_FRAUD, *_GENUINE}:
                return LabelColumns(column=column, positive=_FRAUD, pattern=next(self._named(_PATTERNS), None))
        return None

    def _take(self, name: str, column: str) -> bool:
        cells = self._cells(column)
        if name == "event_time":
            options, note = _time_options(cells)
            if options is None:
                return False
            self.options = options
            self.notes += [f"{column}: {note}"] if note else []
        elif not _CHECKS.get(name, _reads_as(name))(cells):
            return False
        self.found[name] = column
        return True

    def _named(self, spelled: str) -> Iterator[str]:
        names = spelled.split()
        plain = {column: re.sub(r"[^a-z0-9]", "", column.lower()) for column in self._free()}
        for name in names:
            yield from (column for column, text in plain.items() if text == name)
        for name in names:
            # Short names hide in longer words ("ip" in "description").
            yield from (column for column, text in plain.items() if len(name) > 4 and name in text != name)

    def _free(self) -> list[str]:
        taken = set(self.found.values())
        return [
            column
            for column in dict.fromkeys(self.header)
            if column and column not in taken and not _NOT_THE_PAYMENT.search(column)
        ]

    def _cells(self, column: str) -> list[object]:
        at = self.header.index(column)
        return [row[at] for row in self.rows if not is_absent(row[at])]


def _mostly(reads: Callable[[object], object], cells: Sequence[object]) -> bool:
    """Say whether enough cells can be read; a column without a value is believed on its name."""
    good = 0
    for cell in cells:
        try:
            reads(cell)
            good += 1
        except ValueError:
            pass
    return good >= SHARE * len(cells)


def _reads_as(name: str) -> Callable[[Sequence[object]], bool]:
    return lambda cells: _mostly(cell_reader(name, Options()), cells)


def _are_unique_ids(cells: Sequence[object]) -> bool:
    return len(set(map(str, cells))) == len(cells) and _reads_as("transaction_id")(cells)


def _are_addresses(cells: Sequence[object]) -> bool:
    return _mostly(lambda cell: ipaddress.ip_address(str(cell).strip()), cells)


_CHECKS: dict[str, Callable[[Sequence[object]], bool]] = {
    "transaction_id": _are_unique_ids,
    "ip_address": _are_addresses,
}


def _time_options(cells: Sequence[object]) -> tuple[Options | None, str]:
    """Find how a column's times are written; None if they are no times."""
    if not cells:
        return Options(timezone="UTC"), "the sample holds no times; taken as ISO 8601 in UTC."
    if _mostly(cell_reader("event_time", Options()), cells):
        return Options(), ""
    for name, span in _EPOCH_RANGE.items():
        if _mostly(partial(_within, span), cells):
            return Options(time_format=name), ""
    in_utc = "the times name no zone and are taken as UTC."
    if _mostly(cell_reader("event_time", Options(timezone="UTC")), cells):
        return Options(timezone="UTC"), in_utc
    formats = [written for written in TIME_FORMATS if _mostly(partial(_strptime, written), cells)]
    if not formats:
        return None, ""
    options = Options(timezone="UTC", time_format=formats[0])
    if len(formats) > 1:
        other = formats[1]
        return options, f"read as {formats[0]}, but {other} would fit too; {in_utc}"
    return options, in_utc


def _within(span: tuple[float, float], cell: object) -> None:
    if isinstance(cell, datetime) or not span[0] <= float(str(cell)) <= span[1]:
        raise CellError("is no time")


def _strptime(written: str, cell: object) -> datetime:
    return datetime.strptime(str(cell).strip(), written)

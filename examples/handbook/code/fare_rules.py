"""Fares: what a traveller pays on a line. Prices come from the sheet `Fares`; this file holds the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

RESIDENT_SHARE = Decimal("0.45")
FAMILY_CAP = 2


@dataclass(frozen=True)
class Traveller:
    age: int
    resident: bool = False
    school_pass: bool = False


def is_summer(day: date) -> bool:
    """Summer fares apply from the eve of midsummer to the end of August."""
    return (6, 20) <= (day.month, day.day) <= (8, 31)


def round_to_five_cents(amount: Decimal) -> Decimal:
    """The kiosks have no smaller coin."""
    return (amount * 20).quantize(Decimal(1), rounding=ROUND_HALF_UP) / 20


def price_for(traveller: Traveller, single: Decimal) -> Decimal:
    """What one traveller pays: under four free, under sixteen half, islanders 45 percent of what is left."""
    if traveller.age < 4 or traveller.school_pass:
        return Decimal(0)
    amount = single / 2 if traveller.age < 16 else single
    return round_to_five_cents(amount * RESIDENT_SHARE if traveller.resident else amount)


def family_total(travellers: list[Traveller], single: Decimal) -> Decimal:
    """Two grown-ups pay for everybody: only the `FAMILY_CAP` dearest tickets of a family count."""
    dearest_first = sorted((price_for(one, single) for one in travellers), reverse=True)
    return sum(dearest_first[:FAMILY_CAP], Decimal(0))


def refund_after_cancellation(paid: Decimal, hours_late: float, by_storm: bool) -> Decimal:
    """Half back from one hour late, everything from three; a storm pays nothing but keeps the ticket alive."""
    if by_storm or hours_late < 1:
        return Decimal(0)
    return paid if hours_late >= 3 else round_to_five_cents(paid / 2)

"""Filters: a small closed algebra over a point's payload; `expressions` writes it down.

A leaf on a missing field is false and `Not` is the complement, so that De Morgan's laws hold. `tags` is an array:
`Eq` and `In` ask whether it contains the value; an empty array is missing. Dates are whole seconds since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

from commonplace.errors import FilterError
from commonplace.types import MODALITIES

Field = Literal["modality", "document", "tags", "date"]
Discrete = Literal["modality", "document", "tags"]
LABEL = "label:"
"""How the tag begins that keeps a picture's label, so that `label=x` needs no field of its own."""
Value = str | int

EARLIEST, LATEST = -62_135_596_800, 253_402_300_799
"""The first second of year 1 and the last of year 9999: what an ISO timestamp can write."""


@dataclass(frozen=True, slots=True)
class Eq:
    field: Discrete
    value: Value

    def __post_init__(self) -> None:
        _check_value(self.field, self.value)


@dataclass(frozen=True, slots=True)
class In:
    """One of the values; without values, false."""

    field: Discrete
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        for value in self.values:
            _check_value(self.field, value)


@dataclass(frozen=True, slots=True)
class Range:
    """gte <= value < lt; None is open, at least one side is not."""

    field: Literal["date"]
    gte: int | None = None
    lt: int | None = None

    def __post_init__(self) -> None:
        if self.field != "date":
            raise FilterError(f"a range needs an ordered field, got {self.field!r}; expected 'date'.")
        low, high = self.gte, self.lt
        if low is None and high is None:
            raise FilterError("a range needs a start or an end, got neither. Use Exists('date') for any date.")
        if low is not None and high is not None and low >= high:
            raise FilterError(f"a range must end after its start, got {low} to {high} (seconds since 1970).")
        if (low is not None and not EARLIEST <= low <= LATEST) or (
            high is not None and not EARLIEST < high <= LATEST + 1
        ):
            raise FilterError(f"a date must lie in the years 1 to 9999, got {low} to {high} (seconds since 1970).")


@dataclass(frozen=True, slots=True)
class Exists:
    field: Field

    def __post_init__(self) -> None:
        _check_field(self.field, get_args(Field))


@dataclass(frozen=True, slots=True)
class SourceGlob:
    """Documents whose source matches a glob. A store knows no sources: `resolve` replaces it before one sees it."""

    pattern: str


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Filter, ...]

    def __post_init__(self) -> None:
        _check_parts(self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Filter, ...]

    def __post_init__(self) -> None:
        _check_parts(self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    part: Filter


Filter = Eq | In | Range | Exists | SourceGlob | And | Or | Not


def all_of(*filters: Filter | None) -> Filter | None:
    """The conjunction of what is there: None when nothing is."""
    parts = tuple(part for part in filters if part is not None)
    return And(parts) if len(parts) > 1 else next(iter(parts), None)


def resolve(expression: Filter, lookup: Callable[[str], Iterable[int]]) -> Filter:
    """Replace each SourceGlob by the documents that `lookup(pattern)` finds for it."""
    match expression:
        case SourceGlob(pattern):
            return In("document", tuple(lookup(pattern)))
        case And(parts):
            return And(tuple(resolve(part, lookup) for part in parts))
        case Or(parts):
            return Or(tuple(resolve(part, lookup) for part in parts))
        case Not(part):
            return Not(resolve(part, lookup))
        case leaf:
            return leaf


def unresolved(glob: SourceGlob) -> FilterError:
    """What a store says to a filter that did not go through `resolve`."""
    return FilterError(f"a store knows no sources, got source={glob.pattern}. Pass the filter through `resolve`.")


def label_tag(label: str) -> str:
    """The tag that stands for a picture's label."""
    return LABEL + label.strip().lower()


def storable(text: str) -> bool:
    """Text that every store can keep: no NUL (Postgres refuses it), no lone surrogate (Qdrant does)."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _check_field(field: str, fields: tuple[str, ...]) -> None:
    if field not in fields:
        raise FilterError(f"no field {field!r} to filter by here; expected one of: {', '.join(sorted(fields))}.")


def _check_value(field: Discrete, value: Value) -> None:
    _check_field(field, get_args(Discrete))
    if field == "document":
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
            raise FilterError(f"a document is a whole number of 64 bits, got {value!r}.")
    elif not isinstance(value, str) or not storable(value):
        raise FilterError(f"a value of {field} is text without NUL and lone surrogates, got {value!r}.")
    elif field == "modality" and value not in MODALITIES:
        near = get_close_matches(value, MODALITIES, n=1) or MODALITIES
        raise FilterError(f"no modality {value!r}. Did you mean: {', '.join(near)}?")


def _check_parts(parts: tuple[Filter, ...]) -> None:
    if len(parts) < 2:
        raise FilterError(f"And and Or join at least two filters, got {len(parts)}. `all_of` joins any number.")

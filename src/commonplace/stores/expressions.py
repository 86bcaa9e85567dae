"""Filters as people write them, such as EXAMPLE."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal, NoReturn, get_args

from commonplace.errors import FilterError
from commonplace.stores.filters import (
    And,
    Discrete,
    Eq,
    Exists,
    Field,
    Filter,
    In,
    Not,
    Or,
    Range,
    SourceGlob,
    Value,
    label_tag,
)

EXAMPLE = "source=docs/*.md and (modality=image or tag=runbook) and date>=2026-01-01 and not tag=draft"


def parse(expression: str) -> Filter:
    """Read a filter expression.

    Fields: source (a glob), modality, tag, label (of pictures, see `commonplace label`), date, document. Leaves:
    `tag=a`, `tag!=a`, `tag in (a, "b c")`, `date>=2026-01-01` (also > < <= =), `date=2026-01-01..2026-03-31` (both
    ends included), `tag exists`.
    They combine with `not`, `and`, `or` (binding in this order) and parentheses. A date is ISO 8601, a day or a
    timestamp; without a zone it is UTC; a day means all of it.

    Raises FilterError with the position, what was expected there, and an example.
    """
    return _Parser(expression).whole()


_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z]+")
_OPERATOR = re.compile(r"!=|>=|<=|=|>|<")
_BARE = re.compile(r"""[^\s(),"']+""")
_QUOTED = re.compile(r""""((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)\'""", re.DOTALL)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_FIELDS: dict[str, Field | Literal["source"]] = {field: field for field in get_args(Field)}
_FIELDS |= {"source": "source", "tag": "tags", "label": "tags"}
_DEEPEST = 50


class _Located(FilterError):
    """One that says where in the expression; the plain ones come from the records above."""


class _Parser:
    """Recursive descent, one method per rule. Bare values may hold almost anything, so there is no separate lexer."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def whole(self) -> Filter:
        result = self.either()
        if self.at < len(self.text):
            self.fail("`and`, `or` or the end")
        return result

    def either(self) -> Filter:
        parts = [self.both()]
        while self.keyword("or"):
            parts.append(self.both())
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def both(self) -> Filter:
        parts = [self.factor()]
        while self.keyword("and"):
            parts.append(self.factor())
        return And(tuple(parts)) if len(parts) > 1 else parts[0]

    def factor(self) -> Filter:
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail(f"at most {_DEEPEST} levels of `not` and parentheses")
        if self.keyword("not"):
            result: Filter = Not(self.factor())
        elif self.take("("):
            result = self.either()
            if not self.take(")"):
                self.fail("`and`, `or` or a closing parenthesis")
        else:
            result = self.leaf()
        self.depth -= 1
        return result

    def leaf(self) -> Filter:
        self.space()
        start = self.at
        name = self.match(_NAME)
        field = _FIELDS.get(name.lower()) if name else None
        if field is None:
            self.at = start
            self.fail("`not`, a parenthesis or a field (source, modality, tag, label, date, document)")
        try:
            labels = name.lower() == "label"
            if field != "source" and not labels and self.keyword("exists"):
                return Exists(field)
            if field == "modality" or field == "document" or field == "tags":
                return self.discrete(field, label_tag if labels else str)
            negative, leaf = self.date() if field == "date" else self.source()
            return Not(leaf) if negative else leaf
        except _Located:
            raise
        except FilterError as error:
            self.at = start
            self.fail("a valid condition", str(error))

    def discrete(self, field: Discrete, kept: Callable[[str], str]) -> Filter:
        """kept: the text as the store has it."""
        if self.keyword("in"):
            return In(field, tuple(self.value_of(field, kept(text)) for text in self.list()))
        operator = self.operator("=", "!=")
        leaf = Eq(field, self.value_of(field, kept(self.value())))
        return Not(leaf) if operator == "!=" else leaf

    def source(self) -> tuple[bool, Filter]:
        operator = self.operator("=", "!=")
        return operator == "!=", SourceGlob(self.value())

    def date(self) -> tuple[bool, Filter]:
        operator = self.operator("=", "!=", ">=", "<=", ">", "<")
        text = self.value()
        first, dots, last = text.partition("..")
        if dots and operator not in ("=", "!="):
            raise FilterError(f"a span of dates goes with = or !=, got {operator!r}.")
        start, end = _span(first)
        match operator:
            case ">=":
                return False, Range("date", gte=start)
            case ">":
                return False, Range("date", gte=end)
            case "<":
                return False, Range("date", lt=start)
            case "<=":
                return False, Range("date", lt=end)
        return operator == "!=", Range("date", gte=start, lt=_span(last)[1] if dots else end)

    def value_of(self, field: Discrete, text: str) -> Value:
        if field == "document" and re.fullmatch(r"-?\d{1,19}", text):
            return int(text)
        return text

    def list(self) -> list[str]:
        if not self.take("("):
            self.fail("a list in parentheses")
        values: list[str] = []
        while not self.take(")"):
            if values and not self.take(","):
                self.fail("a comma or a closing parenthesis")
            values.append(self.value())
        return values

    def value(self) -> str:
        self.space()
        if quoted := _QUOTED.match(self.text, self.at):
            self.at = quoted.end()
            return re.sub(r"\\(.)", r"\1", quoted[1] if quoted[1] is not None else quoted[2], flags=re.DOTALL)
        if not (bare := self.match(_BARE)):
            self.fail("a value (in quotes if it holds spaces, commas, quotes or parentheses)")
        return bare

    def operator(self, *allowed: str) -> str:
        self.space()
        start = self.at
        found = self.match(_OPERATOR)
        if found not in allowed:
            self.at = start
            self.fail(f"one of {' '.join(allowed)}")
        return found

    def keyword(self, word: str) -> bool:
        self.space()
        found = _NAME.match(self.text, self.at)
        # `not(...)` is a keyword, `notes=` is not: the whole run of letters counts.
        if not found or found[0].lower() != word:
            return False
        self.at = found.end()
        return True

    def take(self, literal: str) -> bool:
        self.space()
        if not self.text.startswith(literal, self.at):
            return False
        self.at += len(literal)
        return True

    def match(self, pattern: re.Pattern[str]) -> str:
        if found := pattern.match(self.text, self.at):
            self.at = found.end()
            return found[0]
        return ""

    def space(self) -> None:
        self.match(_SPACE)

    def fail(self, expected: str, reason: str = "") -> NoReturn:
        self.space()
        got = repr(self.text[self.at : self.at + 30]) if self.at < len(self.text) else "the end"
        reason = f" ({reason.rstrip('.')})" if reason else ""
        raise _Located(
            f"filter {self.text!r}, character {self.at + 1}: expected {expected}, got {got}{reason}. Example: {EXAMPLE}"
        )


def _span(text: str) -> tuple[int, int]:
    """First second and the second after the last one of an ISO day or timestamp."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FilterError(f"expected an ISO date such as 2026-01-31 or 2026-01-31T10:00:00Z, got {text!r}.") from None
    if moment.microsecond:
        raise FilterError(f"dates are kept in whole seconds, got {text!r}.")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    start = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    return start, start + (86_400 if _DAY.fullmatch(text) else 1)

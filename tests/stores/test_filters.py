"""The filter algebra: what expressions mean, that they survive being written down, and how errors read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.errors import FilterError
from commonplace.stores.expressions import EXAMPLE, parse
from commonplace.stores.filters import (
    EARLIEST,
    LATEST,
    And,
    Eq,
    Exists,
    Field,
    Filter,
    In,
    Not,
    Or,
    Range,
    SourceGlob,
    all_of,
    resolve,
)
from commonplace.types import MODALITIES

DAY = 86_400


def seconds(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]


def test_the_example_reads_as_it_looks() -> None:
    assert parse(EXAMPLE) == And(
        (
            SourceGlob("docs/*.md"),
            Or((Eq("modality", "image"), Eq("tags", "runbook"))),
            Range("date", gte=seconds(2026, 1, 1)),
            Not(Eq("tags", "draft")),
        )
    )


def test_not_binds_before_and_before_or() -> None:
    a, b, c = Eq("tags", "a"), Eq("tags", "b"), Eq("tags", "c")
    assert parse("not tag=a and tag=b or tag=c") == Or((And((Not(a), b)), c))
    assert parse("not (tag=a and (tag=b or tag=c))") == Not(And((a, Or((b, c)))))


@pytest.mark.parametrize(
    ("expression", "low", "high"),
    [
        ("date>=2026-01-01", seconds(2026, 1, 1), None),
        ("date>2026-01-01", seconds(2026, 1, 2), None),
        ("date<2026-01-01", None, seconds(2026, 1, 1)),
        ("date<=2026-01-01", None, seconds(2026, 1, 2)),
        ("date=2026-01-01", seconds(2026, 1, 1), seconds(2026, 1, 2)),
        ("date=2026-01-01..2026-03-31", seconds(2026, 1, 1), seconds(2026, 4, 1)),
        ("date=2026-01-01T10:00:00", seconds(2026, 1, 1, 10), seconds(2026, 1, 1, 10) + 1),
        ("date>2026-01-01T10:00:00Z", seconds(2026, 1, 1, 10) + 1, None),
        ("date>=2026-01-01T10:00:00+02:00", seconds(2026, 1, 1, 8), None),
    ],
)
def test_a_day_means_all_of_it_and_no_zone_means_utc(expression: str, low: int | None, high: int | None) -> None:
    assert parse(expression) == Range("date", gte=low, lt=high)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tag!=draft", Not(Eq("tags", "draft"))),
        ("tag in (a, \"b c\", 'd,e')", In("tags", ("a", "b c", "d,e"))),
        ("tag in ()", In("tags", ())),
        (r'tag="say \"hi\" \\ bye"', Eq("tags", 'say "hi" \\ bye')),
        ("tag=and", Eq("tags", "and")),
        ("Tags = a", Eq("tags", "a")),
        ("document=-7", Eq("document", -7)),
        ('label="Line chart"', Eq("tags", "label:line chart")),
        ("label in (map, table)", In("tags", ("label:map", "label:table"))),
        ("label!=map", Not(Eq("tags", "label:map"))),
        ("date exists AND NOT tag exists", And((Exists("date"), Not(Exists("tags"))))),
        ("source!='a (copy).md'", Not(SourceGlob("a (copy).md"))),
    ],
)
def test_each_form_of_leaf(expression: str, expected: Filter) -> None:
    assert parse(expression) == expected


@pytest.mark.parametrize(
    ("expression", "character", "says"),
    [
        ("", 1, "expected `not`, a parenthesis or a field (source, modality, tag, label, date, document), got the end"),
        ("tag=a or colour=red", 10, "got 'colour=red'"),
        ("tag", 4, "expected one of = !=, got the end"),
        ("tag=", 5, "expected a value"),
        ("label exists", 7, "expected one of = !=, got 'exists'"),
        ("tag=a b", 7, "expected `and`, `or` or the end, got 'b'"),
        ("(tag=a", 7, "expected `and`, `or` or a closing parenthesis"),
        ("tag in (a b)", 11, "expected a comma or a closing parenthesis"),
        ("tag in a", 8, "expected a list in parentheses"),
        ("tag>a", 4, "expected one of = !=, got '>a'"),
        ("tag=a and date>=soon", 11, "expected an ISO date such as 2026-01-31"),
        ("date=2026-01-01T00:00:00.5", 1, "whole seconds"),
        ("date=2026-02-01..2026-01-01", 1, "a range must end after its start"),
        ("date>=2026-02-01..2026-03-01", 1, "a span of dates goes with = or !="),
        ("modality=picture", 1, "no modality 'picture'. Did you mean:"),
        ("document=x", 1, "a document is a whole number of 64 bits, got 'x'"),
        ("document=99999999999999999999", 1, "a document is a whole number"),
        ("not " * 60 + "tag=a", 201, "at most 50 levels"),
        ("(" * 60 + "tag=a", 51, "at most 50 levels"),
    ],
)
def test_an_error_says_where_what_and_gives_an_example(expression: str, character: int, says: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(expression)
    message = str(caught.value)
    assert f"character {character}:" in message
    assert says in message
    assert message.endswith(f"Example: {EXAMPLE}")


def test_records_refuse_what_no_store_could_answer() -> None:
    for make in (
        lambda: Eq("date", 3),  # type: ignore[arg-type]
        lambda: Eq("document", True),
        lambda: Eq("tags", "a\0b"),
        lambda: In("tags", ("ok", "\ud800")),
        lambda: Range("date"),
        lambda: Range("date", gte=LATEST + 1),
        lambda: Range("tags", gte=1),  # type: ignore[arg-type]
        lambda: Exists("source"),  # type: ignore[arg-type]
        lambda: And(()),
        lambda: Or((Eq("tags", "a"),)),
    ):
        with pytest.raises(FilterError):
            make()


def test_resolve_replaces_every_glob_by_its_documents() -> None:
    sources = {"a/*": [3, 1], "none": []}
    expression = parse("not source=a/* and (source=none or tag=x)")
    assert resolve(expression, sources.__getitem__) == And(
        (Not(In("document", (3, 1))), Or((In("document", ()), Eq("tags", "x"))))
    )


def test_all_of_joins_what_is_there() -> None:
    a, b = Eq("tags", "a"), Eq("tags", "b")
    assert all_of() is None
    assert all_of(None, None) is None
    assert all_of(None, a) == a
    assert all_of(a, None, b) == And((a, b))


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
moments = st.integers(EARLIEST, LATEST)
documents = st.integers(-(2**63) + 1, 2**63 - 1)
leaves = st.one_of(
    st.builds(Eq, st.just("tags"), text),
    st.builds(Eq, st.just("modality"), st.sampled_from(MODALITIES)),
    st.builds(Eq, st.just("document"), documents),
    st.builds(In, st.just("tags"), st.lists(text, max_size=3).map(tuple)),
    st.builds(In, st.just("document"), st.lists(documents, max_size=3).map(tuple)),
    st.builds(lambda low: Range("date", gte=low), moments),
    st.builds(lambda high: Range("date", lt=high + 1), moments),
    st.builds(lambda low, high: Range("date", gte=min(low, high), lt=max(low, high) + 1), moments, moments),
    st.builds(Exists, st.sampled_from(get_args(Field))),
    st.builds(SourceGlob, text),
)


def _joined(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(And, several), st.builds(Or, several), st.builds(Not, parts))


def written(expression: Filter) -> str:
    """The filter as one would write it, every value in quotes."""

    def quoted(value: object) -> str:
        return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'

    def moment(seconds: int) -> str:  # not fromtimestamp: some platforms refuse years far from 1970
        return (datetime(1970, 1, 1) + timedelta(seconds=seconds)).isoformat()

    match expression:
        case Eq(field, value):
            return f"{field.removesuffix('s')}={quoted(value)}"
        case In(field, values):
            return f"{field.removesuffix('s')} in ({', '.join(map(quoted, values))})"
        case Range(_, int(low), int(high)):
            return f"date={moment(low)}..{moment(high - 1)}"
        case Range(_, int(low), None):
            return f"date>={moment(low)}"
        case Range(_, _, int(high)):
            return f"date<={moment(high - 1)}"
        case Exists(field):
            return f"{field.removesuffix('s')} exists"
        case SourceGlob(pattern):
            return f"source={quoted(pattern)}"
        case And(parts):
            return " and ".join(f"({written(part)})" for part in parts)
        case Or(parts):
            return " or ".join(f"({written(part)})" for part in parts)
        case Not(part):
            return f"not ({written(part)})"
    raise AssertionError(expression)


@given(st.recursive(leaves, _joined, max_leaves=12))
def test_every_filter_can_be_written_and_is_read_as_it_was_meant(expression: Filter) -> None:
    assert parse(written(expression)) == expression


@given(st.text(max_size=60))
def test_any_text_parses_or_raises_filter_error(expression: str) -> None:
    try:
        parsed = parse(expression)
    except FilterError:
        return
    assert parse(written(parsed)) == parsed

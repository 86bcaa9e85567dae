from collections.abc import Iterable

import pytest

from commonplace.lexical.analyser import terms
from commonplace.lexical.unknown import Unknown, unknown

TEXT = "Rotate the certificate of the six router ports; a digit colour, anonymized alerts, export of rules as code"


def missing(query: str, *, met: Iterable[str] = (), everyday: float = 1.0) -> Unknown:
    return unknown(query, frozenset(terms(TEXT)).intersection, met, everyday)


@pytest.mark.parametrize(
    ("query", "names", "words"),
    [
        ("how do I rotate certificates", (), ()),
        ("export rules as Terraform code", ("Terraform",), ()),
        ("rotate the lamps", (), ("lamps",)),
        ("Lamps of the router", (), ("Lamps",)),  # the first word of a sentence has a capital anyway
        ("MPLS on a router", ("MPLS",), ()),
        ("rules in iCloud", ("iCloud",), ()),
        ("198.18.77.203", ("198.18.77.203",), ()),
        ("six-digit code", (), ()),
        ("six-of-the-digit code", (), ("six-of-the-digit",)),
        ("anonymised alerts, color of ports", (), ()),
        ("lamps and lamps", (), ("lamps",)),
    ],
)
def test_words_that_no_chunk_has(query: str, names: tuple[str, ...], words: tuple[str, ...]) -> None:
    assert missing(query) == Unknown(names, words)


def test_words_of_an_identifier_that_was_met_are_known() -> None:
    assert missing("06EC847C router", met=["06EC847C"]) == Unknown()


def test_a_capital_makes_no_name_where_the_collection_is_not_english() -> None:
    assert missing("router im Keller", everyday=0.1).names == ()

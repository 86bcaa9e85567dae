"""The weights, put together, are the textbook's BM25."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.lexical.bm25 import FIELD_WEIGHTS, bag, document_weights, idf, query_weights, term_id

TERMS = st.sampled_from(["alpha", "beta", "gamma", "delta", "epsilon"])
DOCUMENTS = st.lists(st.lists(TERMS, max_size=12), min_size=1, max_size=8)


def textbook(
    query: list[str], document: list[str], corpus: list[list[str]], k1: float, b: float, avgdl: float
) -> float:
    """Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), with the k1 + 1 of Lucene and Qdrant."""
    score = 0.0
    for term in query:
        df = sum(term in other for other in corpus)
        tf = document.count(term)
        if tf == 0:
            continue
        weight = math.log(1 + (len(corpus) - df + 0.5) / (df + 0.5))
        score += weight * tf * (k1 + 1) / (tf + k1 * (1 - b + b * len(document) / avgdl))
    return score


@given(DOCUMENTS, st.lists(TERMS, max_size=6), st.floats(0.1, 3), st.floats(0, 1), st.floats(1, 20))
def test_query_weight_times_idf_times_document_weight_is_bm25(
    corpus: list[list[str]], query: list[str], k1: float, b: float, average_length: float
) -> None:
    document = corpus[0]
    weights = document_weights(bag({"body": document}), k1=k1, b=b, average_length=average_length)
    frequencies = Counter(term_id(term) for other in corpus for term in set(other))
    score = sum(
        weight * idf(len(corpus), frequencies[term]) * weights.get(term, 0.0)
        for term, weight in query_weights(query).items()
    )
    assert score == pytest.approx(textbook(query, document, corpus, k1, b, average_length))


def test_fields_add_up_before_saturation() -> None:
    counts = bag({"body": ["log", "file"], "name": ["log"]}, {"body": 1.0, "name": 2.0})
    assert counts == {"log": 3.0, "file": 1.0}
    # Length 4 at an average of 4: the norm is k1 = 1, so 3 x 2 / (3 + 1) and 1 x 2 / (1 + 1).
    assert document_weights(counts, k1=1.0, b=0.75, average_length=4) == {term_id("log"): 1.5, term_id("file"): 1.0}


def test_a_longer_chunk_weighs_the_same_word_less() -> None:
    short = document_weights(bag({"body": ["log"]}))
    long = document_weights(bag({"body": ["log", *map(str, range(500))]}))
    assert short[term_id("log")] > long[term_id("log")]


def test_a_chunk_without_words_has_no_weights() -> None:
    assert document_weights(bag({field: [] for field in FIELD_WEIGHTS})) == {}
    assert query_weights([]) == {}


def test_a_word_said_twice_in_the_query_counts_twice() -> None:
    assert query_weights(["log", "file", "log"]) == {term_id("log"): 2.0, term_id("file"): 1.0}


def test_idf_is_the_formula_of_the_stores() -> None:
    assert idf(10, 1) == pytest.approx(math.log(1 + 9.5 / 1.5))
    assert idf(10, 10) == pytest.approx(math.log(1 + 0.5 / 10.5))


@given(st.integers(1, 10**9), st.data())
def test_idf_is_positive_and_rare_terms_weigh_more(n: int, data: st.DataObject) -> None:
    df = data.draw(st.integers(0, n))
    assert idf(n, df) > 0
    assert df == 0 or idf(n, df) < idf(n, df - 1)


def test_term_ids_are_the_same_in_every_release() -> None:
    assert term_id("log") == 0x01B81A2E  # printf log | b2sum -l 32


@given(st.text())
def test_every_term_has_an_unsigned_32_bit_id(term: str) -> None:
    assert 0 <= term_id(term) < 1 << 32


def test_ids_collide_no_more_often_than_chance() -> None:
    terms = [f"{prefix}{number}" for prefix in ("v1.", "error", "node-") for number in range(100_000)]
    # n^2 / 2^33 = 10.5 pairs are expected of a random hash; 30 is six standard deviations above.
    assert len(terms) - len(set(map(term_id, terms))) <= 30

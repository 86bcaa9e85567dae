from dataclasses import replace

import pytest

from commonplace.ranking.evidence import Signs, Weights, answerable, by_looks, by_words, unsaid
from commonplace.ranking.fusion import ranked

USUAL = Signs(
    looks=0.0, covered=0.5, above=3.0, striking=3.0, matched=False, names=0, words=0, everyday=0.6
)  # a question like most: half of its words are in the best chunk, its meaning is near


def test_words_count_by_the_share_of_the_query_that_a_chunk_says() -> None:
    odds = by_words({"a": 2.0}, ranked([("a", 10.0), ("b", 20.0)]), [], information=20.0, weights=Weights())
    assert odds == pytest.approx({"a": 2.0 + 0.3 * 20 / 2**4, "b": 0.3 * 20})


def test_an_exact_identifier_outweighs_all_other_words() -> None:
    odds = by_words({"a": 9.0}, ranked([("a", 60.0)]), ranked([("b", 1.0)]), information=60.0, weights=Weights())
    assert odds["b"] > odds["a"]


def test_a_picture_without_words_competes_by_its_looks_alone() -> None:
    odds = by_looks({"bare": 3.0, "near": 3.0, "far": 3.0}, {"near": 2.0}, {"near", "far"}, Weights())
    assert odds == pytest.approx({"bare": 3.0, "near": 3.0 + 0.4 * 2 - 0.08, "far": 3.0 - 0.08})


def test_a_usual_question_is_answered() -> None:
    assert answerable(USUAL) > 0.7


@pytest.mark.parametrize(
    "sign", [{"names": 1}, {"words": 1}, {"above": 0.0}], ids=["a name that is nowhere", "a word", "off topic"]
)
def test_each_sign_alone_says_that_nothing_answers(sign: dict[str, float]) -> None:
    assert answerable(replace(USUAL, **sign)) < 0.5  # type: ignore[arg-type]


def test_everyday_words_that_are_nowhere_say_little_in_a_small_collection() -> None:
    assert answerable(replace(USUAL, words=2, everyday=0.05)) > 0.5


def test_a_query_for_looks_may_use_words_that_no_page_has() -> None:
    assert answerable(replace(USUAL, looks=0.97, words=2)) > 0.5


def test_who_finds_all_the_words_in_one_chunk_has_an_answer() -> None:
    assert answerable(replace(USUAL, covered=1.0, names=1, above=0.0)) > 0.5
    assert (unsaid(0.7), unsaid(0.95)) == (1.0, 0.0)


def test_a_matched_identifier_answers_whatever_the_cosine() -> None:
    assert answerable(replace(USUAL, matched=True, above=0.0)) > 0.5

from commonplace.lexical.analyser import terms
from commonplace.ranking.snippets import marked, snippet


def test_a_short_text_is_shown_whole() -> None:
    assert snippet("Restart the relay.", ["relay"], terms) == "Restart the relay."


def test_the_window_lies_where_most_of_the_wanted_words_are() -> None:
    text = "relay " + "filler " * 100 + "restart the relay before noon " + "filler " * 100
    assert "restart the relay before noon" in snippet(text, terms("relay restart noon"), terms, width=80)


def test_cut_ends_are_marked() -> None:
    shown = snippet("filler " * 100 + "needle " + "filler " * 100, terms("needle"), terms, width=60)
    assert shown.startswith("… ")
    assert shown.endswith(" …")


def test_without_a_match_the_start_is_shown() -> None:
    assert snippet("one two three " * 50, ["absent"], terms, width=20) == "one two three one …"


def test_an_empty_text_has_an_empty_snippet() -> None:
    assert snippet("  \n", ["x"], terms) == ""


def test_a_word_that_is_longer_than_the_window_is_shown() -> None:
    assert snippet("a" * 500, ["x"], terms, width=50) == "a" * 500


def test_matched_words_are_marked_in_any_of_their_spellings() -> None:
    assert (
        marked("Use snap_to_grid now", terms("snapToGrid"), terms, lambda word: f"<{word}>") == "Use <snap_to_grid> now"
    )

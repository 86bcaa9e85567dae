"""What becomes a term, and which spellings of one thing meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.lexical.analyser import terms


def stems(words: list[str]) -> list[str]:
    return [terms(word)[0] for word in words]


def test_words_are_folded_in_case_and_come_in_order_with_their_repetitions() -> None:
    assert terms("The log, THE Log!") == ["the", "log", "the", "log"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("getUserName", ["getusername", "get", "user", "name"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("URLs", ["urls"]),
        ("hw.ibrs_disable", ["hwibrsdisable", "hw", "ibrsdisable", "ibrs", "disable"]),
        ("ERR_TLS_CERT_ALTNAME_INVALID", ["errtlscertaltnameinvalid", "err", "tls", "cert", "altname", "invalid"]),
        ("--reloadEnvironment", ["reloadenvironment", "reload", "environment"]),
        ("/var/log/nginx.log", ["varlognginxlog", "var", "log", "nginxlog", "nginx", "log"]),
        ("C:\\Temp", ["ctemp", "c", "temp"]),
        ("user@host.org", ["userhostorg", "user", "hostorg", "host", "org"]),
        ("RFC4389", ["rfc4389", "rfc", "4389"]),
        ("3601ms", ["3601ms", "3601", "ms"]),
        ("10.142.0.27", ["10.142.0.27", "10", "142", "0", "27"]),
        ("C++ and C#", ["c++", "and", "c#"]),
        ("the router's, don't", ["the", "router", "dont"]),
        ("___", []),
    ],
)
def test_identifiers_are_kept_whole_and_split_at_every_level(text: str, words: list[str]) -> None:
    assert terms(text) == stems(words)


def test_spellings_of_one_identifier_share_their_whole_form() -> None:
    spellings = ["snapToGridOnResize", "snap_to_grid_on_resize", "snap-to-grid-on-resize", "SNAP_TO_GRID_ON_RESIZE"]
    assert {terms(spelling)[0] for spelling in spellings} == {*stems(["snaptogridonresize"])}


def test_a_hyphenated_word_meets_its_solid_spelling_under_stemming() -> None:
    assert set(terms("load-balancers")) & set(terms("loadbalancer"))


def test_digits_keep_their_borders() -> None:
    assert not set(terms("1.12")) & set(terms("11.2"))


def test_no_term_is_too_long() -> None:
    sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    assert terms(f"digest {sha256}") == ["digest", sha256]


def test_a_hexadecimal_number_is_not_cut_into_letters_and_digits() -> None:
    assert terms("da994c043") == ["da994c043"]


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("caf\u00e9 M\u00fcller", "cafe Muller"),
        ("\ufb01le \uff21\uff22\uff23", "file ABC"),
        ("non\u2011breaking", "non-breaking"),
        ("couldn\u2019t", "couldn't"),
        ("fire\u00adwall", "firewall"),
        ("e\u0301tat", "\u00e9tat"),
        ("Stra\u00dfe", "STRASSE"),
    ],
)
def test_what_the_eye_does_not_tell_apart_is_one_term(written: str, typed: str) -> None:
    assert terms(written) == terms(typed)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("東京都の天気", ["東京", "京都", "都の", "の天", "天気"]),
        ("猫", ["猫"]),
        ("NiFiの設定", ["nifi", "ni", "fi", "の設", "設定"]),
        ("ภาษา", ["ภา", "าษ", "ษา"]),
        ("한국어", ["한국", "국어"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("Привет, мир", ["привет", "мир"]),
        ("עִבְרִית", ["עִבְרִית"]),
    ],
)
def test_every_script_has_terms_in_pairs_where_it_writes_no_spaces(text: str, words: list[str]) -> None:
    assert terms(text) == stems(words)


def test_stemming_folds_inflections_but_no_acronyms_and_no_identifiers() -> None:
    assert len({terms(word)[0] for word in ("connect", "connects", "connected", "connecting", "connection")}) == 1
    assert terms("DNS AWS k8s") == ["dns", "aws", "k8s"]
    assert terms("2ece5bfes") == ["2ece5bfes"]


@given(st.text())
def test_any_text_has_terms_that_are_not_empty_and_hold_no_space(text: str) -> None:
    assert all(term and not any(map(str.isspace, term)) for term in terms(text))


@given(st.text())
def test_terms_never_span_white_space(text: str) -> None:
    assert terms(text) == [term for word in text.split() for term in terms(word)]


@given(st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=2, max_size=5))
def test_snake_camel_kebab_and_upper_case_spellings_give_the_same_terms(parts: list[str]) -> None:
    camel = parts[0] + "".join(part.capitalize() for part in parts[1:])
    snake, kebab = "_".join(parts), "-".join(parts)
    assert terms(snake) == terms(kebab) == terms(snake.upper()) == terms(camel)

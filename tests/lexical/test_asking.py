import pytest

from commonplace.lexical.asking import Asked, asked, says


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("plain words", Asked("plain words")),
        ('"connection refused" nginx', Asked("connection refused nginx", ("connection refused",))),
        ("“connection refused”", Asked("connection refused", ("connection refused",))),
        ("proxy -nginx", Asked("proxy", (), ("nginx",))),
        ('proxy -"reverse proxy"', Asked("proxy", (), ("reverse proxy",))),
        ("-nginx", Asked("-nginx")),
        ("-replay.disableProgressBar x", Asked("-replay.disableProgressBar x")),
        ("x -reloadEnvironment --dry-run", Asked("x -reloadEnvironment --dry-run")),
        ("well-known 5 - 3", Asked("well-known 5 - 3")),
        ('an "unclosed quote', Asked('an "unclosed quote')),
    ],
)
def test_a_query_is_taken_apart(query: str, expected: Asked) -> None:
    assert asked(query) == expected


def test_a_phrase_stands_in_a_text_word_by_word_in_any_case_and_inflection() -> None:
    assert says("The Connections refused today", "connection refused")
    assert not says("refused the connection", "connection refused")

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.ingest.textfile import LONGEST_LINE, clean_text, decode, detect_encoding, read_lines

PARAGRAPHS = {
    "utf-8": "Die Größe des Caches – naïve Schätzung: 5 µs, 日本語.",
    "utf-8-sig": "Die Größe des Caches",
    "utf-16": "Die Größe, ファイアウォール",
    "utf-16-le": "firewall log without a byte order mark",
    "utf-16-be": "firewall log without a byte order mark",
    "utf-32": "Die Größe",
    "cp1252": "Grüße aus Köln, schöne Straße – naïve café. Der Server läuft auf Port 8080.",
    "cp1250": "Zażółć gęślą jaźń, połączenie sieciowe",
    "cp1251": "Привет, как дела? Настройка межсетевого экрана.",
    "koi8_r": "Привет, как дела? Настройка",
    "shift_jis": "ファイアウォールの設定について説明します。",
    "gb18030": "防火墙日志显示异常流量",
    "big5": "防火牆記錄顯示異常流量",
    "euc_kr": "방화벽 로그를 확인하십시오 설정",
}


@pytest.mark.parametrize("encoding", PARAGRAPHS)
def test_text_is_read_in_the_encoding_that_it_was_written_in(encoding: str) -> None:
    assert decode(PARAGRAPHS[encoding].encode(encoding)) == PARAGRAPHS[encoding]


@pytest.mark.parametrize("word", ["é", "résumé", "25°C ± 2 “quoted”"])
def test_a_few_western_letters_are_enough(word: str) -> None:
    assert decode(word.encode("cp1252")) == word


def test_a_stray_byte_in_utf8_is_read_as_windows_latin_and_the_rest_stays() -> None:
    assert decode("Größe überall: ".encode() + b"caf\xe9 \xb5s") == "Größe überall: café µs"


def test_a_sample_that_ends_inside_a_character_is_still_utf8() -> None:
    assert detect_encoding("größe".encode()[:3]) == "utf-8"


def test_an_encoding_that_a_page_claims_wrongly_is_ignored() -> None:
    assert decode("Größe".encode(), "no-such-codec") == "Größe"
    assert decode("Größe".encode("cp1252"), "iso-8859-1") == "Größe"


def test_line_ends_of_every_system_become_one() -> None:
    assert decode(b"a\r\nb\rc\nd") == "a\nb\nc\nd"


def test_nul_and_lone_surrogates_are_removed_and_pairs_of_real_text_stay() -> None:
    assert clean_text("a\0b\ud800c\udfffd\U0001f600") == "abcd\U0001f600"


@given(st.text(st.characters(exclude_categories=())))
def test_clean_text_is_storable_anywhere_and_cleaning_again_changes_nothing(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert "\0" not in cleaned
    assert clean_text(cleaned) == cleaned


@given(st.binary(max_size=300))
def test_any_bytes_decode_to_clean_text(data: bytes) -> None:
    text = decode(data)
    assert clean_text(text) == text


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0")), min_size=1))
def test_lines_are_those_of_the_whole_text(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "lines.txt"
    path.write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    whole = decode(path.read_bytes()).split("\n")
    if not whole[-1]:
        whole.pop()  # a line end at the end of a file begins no line
    assert list(read_lines(path)) == list(enumerate(whole, start=1))


def test_a_long_line_comes_in_pieces_that_keep_its_number(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("a\n" + "x" * (2 * LONGEST_LINE + 5) + "\nb\n")
    pieces = [(number, len(text)) for number, text in read_lines(path)]
    assert pieces == [(1, 1), (2, LONGEST_LINE), (2, LONGEST_LINE), (2, 5), (3, 1)]


def test_a_large_sparse_file_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "sparse.txt"
    with path.open("wb") as file:
        file.write(b"first line\n\n")
        file.truncate(512 << 20)
        file.seek(0, 2)
        file.write(b"\nlast line\n")
    reading = (
        "import sys; from pathlib import Path; from commonplace.ingest.readers import plain\n"
        "print([(p.text, p.locator.lines) for p in plain.read(Path(sys.argv[1]))])"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))

    run = subprocess.run(
        [sys.executable, "-c", reading, str(path)], preexec_fn=limit, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[('first line', (1, 1)), ('last line', (4, 4))]"

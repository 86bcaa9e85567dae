"""Which spellings and parts meet, how strongly, and what must not meet."""

import string
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commonplace.lexical.identifiers import Identifier, find
from commonplace.lexical.keys import GUESS, MAX_KEYS, confusable, document_keys, exact, query_keys, squashed


def meeting(query: str, document: str, *, ocr: bool = False, file_name: bool = False) -> float:
    """The strength of the strongest key that a document shares with a query; 0 if they do not meet."""
    stored = document_keys(document, ocr=ocr, file_name=file_name)
    return max((key.strength for key in query_keys(query) if key.key in stored), default=0.0)


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("2ece5bfe-50ed-5f3a-ab87-5cd4baafed2b", "namespace 2ece5bfe-50ed-5f3a-ab87-5cd4baafed2b."),
        ("{2BDE4A90-D05F-401C-9492-E40884EAD1D8}", "2bde4a90-d05f-401c-9492-e40884ead1d8"),
        ("cve 2025 66471", "fixes CVE-2025-66471"),
        ("RFC 4389", "see RFC4389."),
        ("00-0B-00-11-00-17", "00:0b:00:11:00:17"),
        ("--reloadEnvironment", "pass `--reloadEnvironment`"),
        ("-customS3Endpoint", "customS3Endpoint is"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("10.142.0.27", "from 10.142.0.27:9100"),
        ("access.log", "in /var/log/nginx/access.log"),
        (r"C:\Windows\WIN.INI", "c:/windows/win.ini"),
        ("v1.148.2", "upgrade to 1.148.2"),
        ("Tunnelbroker_Setup.PNG", "images/tunnelbroker_setup.png"),
        ("where is hw.ibrs_disable set?", "hw.ibrs_disable=1"),
    ],
)
def test_one_identifier_in_another_case_or_notation_is_exact(query: str, document: str) -> None:
    assert meeting(query, document) == 1.0


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("snap_to_grid_on_resize", "snapToGridOnResize"),
        ("katib-suggestion-composer", "KATIB_SUGGESTION_COMPOSER"),
        ("re16tgk", "RE16-TGK"),
        ("RE16-TGK", "re16tgk"),
        ("promote resource attributes flag", "promoteResourceAttributes"),
        ("2ece5bfe50ed5f3aab875cd4baafed2b", "2ece5bfe-50ed-5f3a-ab87-5cd4baafed2b"),
        ("usbhid-ups", "driver usbhid-ups"),
    ],
)
def test_another_spelling_is_a_little_weaker(query: str, document: str) -> None:
    assert 0.8 < meeting(query, document) < 1.0


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("2EACA947", "{2eaca947-7f5f-4cfa-ba87-8f7fbeefbe69}"),
        ("06ec847c c0a5 46b8 92cb", "06EC847C-C0A5-46B8-92CB-7C92F6E35CD5"),
        ("399340418a84b968", "commit 399340418a84b96804a9f304cea841b6497796f4"),
        ("399340418a84b96804a9f304cea841b6497796f4", "commit 3993404"),
        ("3094", "CVE-2024-3094"),
        ("2024-3094", "CVE-2024-3094"),
        ("12345", "NIFI-12345"),
        ("nginx/access.log", "/var/log/nginx/access.log"),
        ("vmProtoCompressLevel", "-remoteWrite.vmProtoCompressLevel"),
        ("ibrs_disable", "hw.ibrs_disable"),
        ("a62f342e", "random-example-a62f342e"),
        ("v1.148", "v1.148.2"),
    ],
)
def test_a_part_is_weaker_still(query: str, document: str) -> None:
    assert 0.5 < meeting(query, document) < 0.8


@pytest.mark.parametrize(
    ("query", "document"),
    [("ALTNAME", "ERR_TLS_CERT_ALTNAME_INVALID"), ("orange fr fttp", "orange_fr_fttp.rst"), ("RE16 TGK", "RE16-TGK")],
)
def test_what_may_be_ordinary_words_is_a_guess(query: str, document: str) -> None:
    assert 0.0 < meeting(query, document) <= GUESS


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("CVE-2024-3094", "CVE-2024-3095"),
        ("10.24.24.9", "10.24.24.90 and 110.24.24.9"),
        ("v1.148.2", "v1.148.20, v1.148.3"),
        ("1.12", "11.2"),
        ("da994c043", "da994c044"),
        ("58760AE1-2409-4A6B", "58760ae1-2409-4a6c-a6c4-d58b15706b55"),
        ("KATIB_QUANTUM_BACKEND_URL", "KATIB_BACKEND_URL"),
        ("rollback-kernel-ng.rst", "rollback-kernel.rst"),
        ("7f3c9b1e-0d42-4a88-b6c5-91e2d0a4f7c3", "7f3c9b1f-0d42-4a88-b6c5-91e2d0a4f7c3"),
    ],
)
def test_a_neighbour_is_no_match(query: str, document: str) -> None:
    assert meeting(query, document) == 0.0


@pytest.mark.parametrize(
    "query",
    [
        "firewall logs showing exfiltration",
        "how do I reset the state-of-the-art load-balancer",
        "which e.g. and i.e. are read-only?",
        "the network diagram with three clouds",
        "",
        "  ",
        "?",
    ],
)
def test_prose_asks_for_no_identifier(query: str) -> None:
    assert query_keys(query) == []


def test_a_product_in_a_sentence_is_a_guess_but_alone_it_is_exact() -> None:
    assert meeting("VictoriaMetrics client library", "VictoriaMetrics") == GUESS
    assert meeting("VictoriaMetrics", "VictoriaMetrics") == 1.0


def test_keys_come_strongest_first_and_once() -> None:
    keys = query_keys("CVE-2024-3094 in /var/log/nginx/access.log and CVE-2024-3094")
    assert [key.strength for key in keys] == sorted((key.strength for key in keys), reverse=True)
    assert len({key.key for key in keys}) == len(keys)
    assert keys[0].key == "=cve-2024-3094"


def test_a_file_is_known_by_its_path_its_name_and_its_stem() -> None:
    source = "docs/how-tos/orange_fr_fttp.rst"
    assert meeting("how-tos/orange_fr_fttp.rst", source, file_name=True) == 0.6
    assert meeting("orange_fr_fttp.rst", source, file_name=True) == 1.0
    assert meeting("orange_fr_fttp", source, file_name=True) == 1.0
    assert meeting("Makefile", "src/Makefile", file_name=True) == GUESS
    assert meeting("CVE-2024-3094", "reports/CVE-2024-3094.unknown", file_name=True) == 1.0


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("RE16-TGKO", "RE16-TGK0"),
        ("10.142.0.27", "lO.142.O.27"),
        ("KERN_7105", "KEM_71O5"),
        ("built from commit da994c043 today", "commitda994c043 on main"),
        ("RE16-TGK05", "RE16- TGK05"),
    ],
)
def test_what_ocr_confuses_meets_weakly_and_only_in_words_that_ocr_read(query: str, read: str) -> None:
    assert 0.0 < meeting(query, read, ocr=True) < 0.5
    assert meeting(query, read) == 0.0


def test_a_correct_reading_is_exact_all_the_same() -> None:
    assert meeting("RE16-TGK0", "RE16-TGK0", ocr=True) == 1.0


def test_a_chunk_stores_a_bounded_number_of_bounded_keys() -> None:
    log = "\n".join(f"10.{n % 256}.{n // 256}.1 ERR_{n}_X{'Y' * 300} /a/b{n}/c{n}.log" for n in range(2_000))
    keys = document_keys(log, ocr=True)
    assert len(keys) == MAX_KEYS
    assert max(map(len, keys)) <= 96
    assert sum(key.startswith("=") for key in keys) == MAX_KEYS  # exact forms have the first right to the space


def test_an_identifier_of_any_length_is_found() -> None:
    path = "/srv/" + "/".join(["very-long-directory-name"] * 15) + "/x.yml"
    assert meeting(path, f"mount {path} now") == 1.0


words = st.from_regex(r"[a-z]{3,7}", fullmatch=True)
compounds = st.lists(words, min_size=3, max_size=5)


@given(compounds)
def test_snake_camel_kebab_and_constant_spellings_meet(parts: list[str]) -> None:
    spellings = ["_".join(parts), "-".join(parts), "_".join(parts).upper()]
    spellings.append(parts[0] + "".join(part.capitalize() for part in parts[1:]))
    assert all(meeting(query, f"set {document} to 1") >= 0.9 for query in spellings for document in spellings)


@given(st.uuids(), st.integers(8, 36))
@example(UUID("77447897-7066-ea16-ec29-417af1382b4b"), 10)
@example(UUID("21636369-8b52-9b4a-97b7-50923ceb3ffd"), 20)
def test_every_prefix_of_a_uuid_from_its_first_block_on_meets_it(uuid: UUID, length: int) -> None:
    assert meeting(str(uuid)[:length], f"id={uuid}") >= 0.3


@given(st.text(alphabet="0123456789abcdef", min_size=7, max_size=64), st.integers(7, 64))
def test_every_prefix_of_a_hash_from_seven_digits_on_meets_it(digest: str, length: int) -> None:
    prefix = digest[:length]
    if [identifier.kind for identifier in find(prefix)] == ["hash"]:
        assert meeting(prefix, f"commit {digest}") >= 0.6


@given(st.text(alphabet=string.ascii_letters + string.digits + " -_.:/\\O0lI1rnm"))
def test_normal_forms_are_idempotent(text: str) -> None:
    assert squashed(squashed(text)) == squashed(text)
    assert confusable(confusable(text)) == confusable(text)
    for identifier in find(text):
        once = exact(identifier)
        assert exact(Identifier(identifier.kind, once, (0, len(once)))) == once


@given(st.text())
def test_a_document_meets_every_identifier_that_it_holds(text: str) -> None:
    stored = document_keys(text)
    assert all("=" + exact(identifier) in stored or len(stored) >= MAX_KEYS for identifier in find(text))

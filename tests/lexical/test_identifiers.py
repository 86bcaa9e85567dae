"""Which strings are identifiers, and which are only words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.lexical.identifiers import Kind, find


def kinds(text: str) -> list[tuple[Kind, str]]:
    return [(identifier.kind, identifier.text) for identifier in find(text)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("uuid", "2ece5bfe-50ed-5f3a-ab87-5cd4baafed2b"),
        ("uuid", "58760AE1-2409-4A6B"),
        ("uuid", "06ec847c c0a5 46b8 92cb"),
        ("hash", "da994c043"),
        ("hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("advisory", "CVE-2024-3094"),
        ("advisory", "cve 2025 66471"),
        ("advisory", "CWE-79"),
        ("advisory", "RFC4389"),
        ("advisory", "GHSA-jfh8-c2jp-5v3q"),
        ("ticket", "NIFI-12345"),
        ("ticket", "#17198"),
        ("ip", "149.112.112.112"),
        ("ip", "fe80::1"),
        ("mac", "aa:bb:cc:dd:ee:ff"),
        ("mac", "00-0B-00-11-00-17-00-18"),
        ("mac", "aabb.ccdd.eeff"),
        ("path", "/var/log/nginx"),
        ("path", "C:\\Program Files\\Windows NT\\Accessories"),
        ("path", "~/.config/app"),
        ("file", "orange_fr_fttp.rst"),
        ("file", "IMG_2024_final-v2.drawio.png"),
        ("email", "ops@example.org"),
        ("version", "v1.148.2"),
        ("version", "1.2.3-rc.1"),
        ("hex", "0x800126f"),
        ("number", "6320498487869637"),
        ("flag", "--reload-environment"),
        ("flag", "-customS3Endpoint"),
        ("dotted", "net.link.bridge.pfil_member"),
        ("dotted", "hw.ncpus"),
        ("key", "KATIB_POSTGRESQL_SSL_MODE"),
        ("key", "snap_to_grid_on_resize"),
        ("key", "snapToGridOnResize"),
        ("key", "katib-suggestion-composer"),
        ("key", "random-example-a62f342e"),
        ("name", "ParseEvtx"),
        ("sku", "RE16-TGK"),
        ("sku", "re16tgk"),
        ("sku", "MC7430"),
    ],
)
@pytest.mark.parametrize("sentence", ["{}", "we saw {}.", "({}), again", "`{}`: what now?", "**{}**"])
def test_each_kind_is_found_in_a_sentence(kind: Kind, text: str, sentence: str) -> None:
    assert (kind, text) in kinds(sentence.format(text))


PROSE = [
    "firewall logs showing exfiltration",
    "a state-of-the-art load-balancer, e.g. for read-only and/or day-to-day use; i.e. well-known.",
    "At 10:30:15 on 2024-03-27 the U.S. office used 15.2 GB, 3601ms of CPU and 99.9 % of TCP/IP, 24/7.",
    "Don't worry: it's the router's fault, isn't it? (No!) The 2nd and 10th ones were mid-1990s.",
    "top-10 utf-8 4k 3d mp3 ipv6 -excluded words --",
    "The end.Then it began again...and again: a 1920x1080 screen, C++ and C#.",
    "DNS, HTTP and URLs of VMs on macOS",
    "Zeitschrift für Straßenverkehr, déjà vu, 東京都の天気",
]


@pytest.mark.parametrize("text", PROSE)
def test_prose_has_no_identifiers(text: str) -> None:
    assert kinds(text) == []


@given(st.lists(st.sampled_from(sorted({word for text in PROSE for word in text.split()})), max_size=30))
def test_prose_has_none_in_whatever_order(words: list[str]) -> None:
    assert kinds("\n".join(words)) == []


def test_a_path_also_yields_its_file() -> None:
    assert kinds("see /var/log/nginx/access.log:12") == [("path", "/var/log/nginx/access.log"), ("file", "access.log")]
    assert kinds(r"C:\Windows\win.ini") == [("path", r"C:\Windows\win.ini"), ("file", "win.ini")]


def test_a_url_also_yields_its_host_its_file_and_the_commit_in_it() -> None:
    assert kinds("[link](https://git.example.org/a/blob/399340418a84b968/src/main.go?x=1#L3).") == [
        ("url", "https://git.example.org/a/blob/399340418a84b968/src/main.go?x=1#L3"),
        ("host", "git.example.org"),
        ("hash", "399340418a84b968"),
        ("file", "main.go"),
    ]


def test_an_address_with_port_or_network_also_yields_the_bare_address() -> None:
    assert kinds("10.142.0.27:9100 192.168.0.0/24") == [
        ("ip", "10.142.0.27:9100"),
        ("ip", "10.142.0.27"),
        ("ip", "192.168.0.0/24"),
        ("ip", "192.168.0.0"),
    ]


def test_a_uuid_inside_a_file_name_is_found_with_it() -> None:
    uuid = "d30d28d7-0bfc-4f0c-8a57-6844a8ec9742"
    assert kinds(f"run-{uuid}.log") == [("file", f"run-{uuid}.log"), ("uuid", uuid)]


def test_what_is_glued_by_signs_is_taken_apart() -> None:
    assert kinds("root@10.0.0.1:/etc/passwd") == [("ip", "10.0.0.1"), ("path", "/etc/passwd")]
    assert kinds("PATH_INFO=${HOME_DIR},level=3") == [("key", "PATH_INFO"), ("key", "HOME_DIR")]


def test_numbers_that_are_no_addresses_are_refused() -> None:
    assert kinds("12:30:45 999.1 1.2") == []
    assert ("ip", "300.1.1.1") not in kinds("300.1.1.1")


@given(st.text(alphabet="aFg1.0:-_/\\@# "))
def test_spans_point_at_the_text(text: str) -> None:
    for identifier in find(text):
        begin, end = identifier.span
        assert text[begin:end] == identifier.text != ""


@pytest.mark.parametrize("unit", ["a", "a1", "aA", "1.", "a.", "a-", "a_", "a/", "a:", "\\a ", "0x", "::", "f" * 9])
def test_a_megabyte_of_anything_takes_seconds(unit: str) -> None:
    started = time.process_time()
    find(unit * (1_000_000 // len(unit)))
    assert time.process_time() - started < 30  # a pattern of quadratic time takes hours

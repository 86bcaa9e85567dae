"""Embedding services with the faults that real ones have: a real server on this machine answers."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from encoders.hub import Quiet, served, service
from PIL import Image

from commonplace.encoders import endpoint
from commonplace.errors import CommonplaceError, DimensionMismatch, InvalidVector, ModelError, UsageError
from commonplace.spaces.registry import load_space
from commonplace.spaces.space import Space


@pytest.fixture(autouse=True)
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONPLACE_MODELS", str(tmp_path / "shelf"))
    monkeypatch.setattr(endpoint, "FIRST_WAIT", 0.001)
    for name in (
        "COMMONPLACE_OFFLINE",
        "COMMONPLACE_API_KEY",
        "OPENAI_API_KEY",
        "JINA_API_KEY",
        "http_proxy",
        "HTTP_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[type[Quiet], str]]]:
    with ExitStack() as stack:

        def start(respond: Callable[[dict[str, Any]], Any]) -> tuple[type[Quiet], str]:
            handler = service(respond)
            return handler, stack.enter_context(served(handler))

        yield start


def vector(item: Any) -> list[float]:
    """Four numbers that follow from the item."""
    text = item if isinstance(item, str) else str(item)
    return [float(x) for x in np.random.default_rng(sum(text.encode())).standard_normal(4)]


def vectors(body: dict[str, Any]) -> dict[str, Any]:
    rows = [{"index": i, "embedding": vector(item)} for i, item in enumerate(body["input"])]
    return {"data": rows[::-1]}  # the order of the answer is not that of the question; `index` says


def openai(address: str, options: str = "") -> Space:
    return load_space(f"openai:{address}/v1#small{options}")


def test_vectors_come_back_in_order_however_many_requests_it_takes(start: Any) -> None:
    handler, address = start(vectors)
    texts = [f"text {i}" for i in range(150)]
    got = openai(address).encode_text(texts)
    expected = np.array([vector(text) for text in texts])
    assert got == pytest.approx(expected / np.linalg.norm(expected, axis=1, keepdims=True), abs=1e-6)
    sizes = [len(body["input"]) for body, _ in handler.asked]
    assert max(sizes) == 64
    assert {body["model"] for body, _ in handler.asked} == {"small"}


def test_the_dimension_is_asked_once_and_remembered(start: Any) -> None:
    handler, address = start(vectors)
    assert openai(address).dim == openai(address).dim == 4
    assert len(handler.asked) == 1


def test_base64_is_understood(start: Any) -> None:
    def respond(body: dict[str, Any]) -> Any:
        rows = [base64.b64encode(np.array(vector(item), "<f4").tobytes()).decode() for item in body["input"]]
        return {"data": [{"embedding": row} for row in rows]}

    _, address = start(respond)
    expected = np.array(vector("a"))
    assert openai(address).encode_text(["a"])[0] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)


def test_prompts_dimensions_and_tasks_are_passed_on(start: Any) -> None:
    handler, address = start(vectors)
    space = openai(address, "?dim=4&query=find: &task=retrieval")
    space.encode_query(["a"])
    body = handler.asked[-1][0]
    assert (body["input"], body["dimensions"], body["task"]) == (["find: a"], 4, "retrieval.query")
    space.encode_document(["a"])
    body = handler.asked[-1][0]
    assert (body["input"], body["task"]) == (["a"], "retrieval.passage")


def test_pictures_travel_as_base64_in_the_shape_of_jina(start: Any) -> None:
    handler, address = start(vectors)
    space = load_space(f"jina:{address}/v1#clip")
    assert space.encode_image([Image.new("RGB", (3000, 20), "red")]).shape == (1, 4)
    (item,) = handler.asked[-1][0]["input"]
    sent = Image.open(BytesIO(base64.b64decode(item["image"])))
    assert (sent.size[0], sent.getpixel((0, 0))) == (1024, (255, 0, 0))
    space.encode_text(["a"])
    assert handler.asked[-1][0]["input"] == [{"text": "a"}]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_tried_again(start: Any, status: int) -> None:
    answers = iter([(status, b"busy", {"Retry-After": "0.01"}), (status, b"busy", {})])
    _, address = start(lambda body: next(answers, vectors(body)))
    assert openai(address, "?dim=4").encode_text(["a"]).shape == (1, 4)


def test_a_fault_that_stays_is_told_after_five_tries(start: Any) -> None:
    handler, address = start(lambda body: (500, b'{"error": "out of memory"}', {}))
    with pytest.raises(ModelError, match=r"gave no answer in 5 tries; the last: HTTP 500 .*out of memory"):
        openai(address, "?dim=4").encode_text(["a"])
    assert len(handler.asked) == 5


def test_a_service_that_hangs_is_given_up(start: Any) -> None:
    def hang(body: dict[str, Any]) -> Any:
        time.sleep(0.3)
        return vectors(body)

    _, address = start(hang)
    with pytest.raises(ModelError, match=r"gave no answer in 5 tries; the last: TimeoutError"):
        openai(address, "?dim=4&timeout=0.02").encode_text(["a"])


def test_nobody_at_the_address_is_told() -> None:
    with pytest.raises(ModelError, match=r"gave no answer in 5 tries; the last: .*refused"):
        openai("http://127.0.0.1:9", "?dim=4").encode_text(["a"])


@pytest.mark.parametrize(
    ("respond", "error", "said"),
    [
        (lambda body: (401, b"who are you", {}), ModelError, "HTTP 401 .*Set the key in the environment"),
        (lambda body: (404, b"no such model", {}), ModelError, "no such model.*Check the address and model"),
        (lambda body: (302, b"", {"Location": "http://example.org/"}), ModelError, "HTTP 302"),
        (lambda body: {"data": vectors(body)["data"][1:]}, ModelError, "items with 7 vectors. Nothing was kept"),
        (
            lambda body: {"data": [{"embedding": [1, 2]} for _ in body["input"]]},
            DimensionMismatch,
            "2 numbers; expected 4",
        ),
        (lambda body: b'{"data": [' + b",".join([b'{"embedding": [NaN, 1, 1, 1]}'] * 8) + b"]}", InvalidVector, "NaN"),
        (lambda body: {"data": [{"embedding": [0, 0, 0, 0]} for _ in body["input"]]}, InvalidVector, "zero vector"),
        (
            lambda body: {"data": [{"embedding": [1, 2, 3, 4]} for _ in body["input"]]},
            ModelError,
            "nearly the same vector",
        ),
        (lambda body: {"choices": []}, ModelError, r"without data\[\]\.embedding"),
        (lambda body: b"<html>", ModelError, "gave no answer in 5 tries; the last: JSONDecodeError"),
    ],
)
def test_answers_that_are_no_vectors_are_refused(
    start: Any, respond: Callable[[dict[str, Any]], Any], error: type[CommonplaceError], said: str
) -> None:
    _, address = start(respond)
    with pytest.raises(error, match=said):
        openai(address, "?dim=4").encode_text(["a"])


def test_the_key_comes_from_the_environment_and_goes_to_its_own_service(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, address = start(vectors)
    monkeypatch.setenv("OPENAI_API_KEY", "for openai alone")
    openai(address, "?dim=4").encode_text(["a"])
    assert "Authorization" not in handler.asked[-1][1]
    monkeypatch.setenv("COMMONPLACE_API_KEY", "secret")
    openai(address, "?dim=4").encode_text(["a"])
    assert handler.asked[-1][1]["Authorization"] == "Bearer secret"
    with pytest.raises(UsageError, match=r"would cross the network in the clear. Use https"):
        openai("http://192.0.2.1", "?dim=4").encode_text(["a"])


def test_offline_reaches_this_machine_alone(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONPLACE_OFFLINE", "1")
    _, address = start(vectors)
    assert openai(address, "?dim=4").encode_text(["a"]).shape == (1, 4)
    with pytest.raises(UsageError, match="is elsewhere and the offline switch is set"):
        openai("https://192.0.2.1", "?dim=4").encode_text(["a"])


@pytest.mark.parametrize("reference", ["localhost#m", "http://host/v1", "http://key@host/v1#m", "ftp://host#m"])
def test_an_address_is_a_url_and_a_model(reference: str) -> None:
    with pytest.raises(UsageError, match=r"expected openai:https://HOST/v1#MODEL"):
        load_space(f"openai:{reference}")


def test_a_collection_over_a_service_that_fails_is_not_made(
    start: Any, folder: Callable[..., Path], tmp_path: Path
) -> None:
    from commonplace.collection import Collection

    _, address = start(lambda body: (500, b"no", {}))
    with pytest.raises(ModelError):
        Collection(tmp_path / "never", model=f"openai:{address}/v1#m?dim=4").add(folder("notes", {"a.md": "text"}))
    assert not (tmp_path / "never" / "collection.json").exists()

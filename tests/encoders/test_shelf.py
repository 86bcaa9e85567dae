from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from encoders.hub import COMMIT, hub, served

from commonplace.cli import main
from commonplace.encoders import shelf
from commonplace.encoders.shelf import Checkpoint, find, pull, remembered, remove, verify
from commonplace.errors import ModelError, UsageError

NAME = "transformers:someone/small"


def safetensors(**tensors: list[float]) -> bytes:
    """The format as it is documented: length of the table, the table, the numbers."""
    table, data = {}, b""
    for name, values in tensors.items():
        raw = np.array(values, "<f4").tobytes()
        table[name] = {"dtype": "F32", "shape": [len(values)], "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    header = json.dumps(table).encode()
    return struct.pack("<Q", len(header)) + header + data


FILES = {
    "config.json": b'{"model_type": "clip"}',
    "model.safetensors": safetensors(logit_scale=[4.5], weight=[1, 2, 3]),
    "pytorch_model.bin": b"a pickle",
    "modeling_small.py": b"print('never run')",
    "README.md": b"# Small",
}


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMMONPLACE_MODELS", str(tmp_path / "shelf"))
    for name in ("COMMONPLACE_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    return tmp_path / "shelf"


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes HF_ENDPOINT a hub with these files."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(files: dict[str, bytes] = FILES, **options: str) -> None:
            address = stack.enter_context(served(hub({"someone/small": files}, **options)))
            monkeypatch.setenv("HF_ENDPOINT", address)

        yield start


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    folder = tmp_path / "small"
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_bytes(FILES[name])
    return find("transformers", str(folder))


def test_a_pull_keeps_weights_and_configurations_with_commit_licence_and_hashes(
    serve: Callable[..., None], models: Path
) -> None:
    serve()
    card = pull(NAME, "someone/small", None)
    assert (card["revision"], card["licence"]) == (COMMIT, "mit")
    assert card["files"].keys() == {"config.json", "model.safetensors"}  # no pickle, no Python
    assert card["files"]["config.json"]["sha256"] == sha256(FILES["config.json"]).hexdigest()
    assert find("transformers", "someone/small").json("config.json") == {"model_type": "clip"}
    assert verify(NAME) == []
    assert not list(models.glob("partial/*"))


def test_a_changed_file_is_found_by_its_hash(serve: Callable[..., None], models: Path) -> None:
    serve()
    pull(NAME, "someone/small", None)
    path = next(models.glob("*/model.safetensors"))
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0")
    assert verify(NAME) == ["model.safetensors has another hash than it had when it was pulled"]
    path.write_bytes(b"short")
    with pytest.raises(ModelError, match=r"has not the model\.safetensors that was pulled.*models pull"):
        find("transformers", "someone/small")


def test_another_hash_than_the_hub_states_leaves_nothing_on_the_shelf(serve: Callable[..., None], models: Path) -> None:
    serve(stated="0" * 64)
    with pytest.raises(ModelError, match="another hash than the hub states"):
        pull(NAME, "someone/small", None)
    assert not list(models.glob(f"*/{shelf.CARD}"))


def test_a_repository_of_pickles_is_refused(serve: Callable[..., None]) -> None:
    serve({"config.json": b"{}", "pytorch_model.bin": b"a pickle"})
    with pytest.raises(ModelError, match=r"has no \.safetensors file.*never loaded"):
        pull(NAME, "someone/small", None)


def test_a_hub_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match=r"could not be fetched from someone/small: .*Check the name and the network"):
        pull(NAME, "someone/small", None)


def test_offline_fails_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONPLACE_OFFLINE", "1")
    with pytest.raises(UsageError, match="the offline switch is set"):
        pull(NAME, "someone/small", None)


def test_what_was_pulled_can_be_removed(serve: Callable[..., None]) -> None:
    serve()
    pull(NAME, "someone/small", None)
    assert remove(NAME) > 0
    with pytest.raises(UsageError, match="was not pulled; on this machine: none yet"):
        remove(NAME)


def test_the_commands_pull_list_verify_and_remove(serve: Callable[..., None]) -> None:
    serve()
    run = CliRunner()
    assert COMMIT in run.invoke(main, ["models", "pull", NAME]).stdout
    rows = json.loads(run.invoke(main, ["models", "list", "--json"]).stdout)
    (row,) = [row for row in rows if row["name"] == NAME]
    assert row["revision"] == COMMIT
    assert (row["dim"], row["modalities"], row["downloaded"]) == (512, ["text", "image"], True)
    assert {row["name"] for row in rows} >= {"bundled", "clip", "siglip2", "best-cpu", "best-gpu", "tri-modal"}
    head, first, *_ = run.invoke(main, ["models"]).stdout.splitlines()
    assert head.split() == ["name", "dim", "modalities", "MB", "licence", "installed", "downloaded"]
    assert first.split()[:4] == ["bundled", "384", "text,", "image"]
    assert "MB freed" in run.invoke(main, ["models", "remove", NAME]).stdout
    gone = run.invoke(main, ["models", "verify", NAME])
    assert gone.exit_code == 2
    assert "was not pulled" in gone.stderr


def test_a_model_that_was_not_pulled_names_the_command() -> None:
    with pytest.raises(ModelError, match="Run `commonplace models pull transformers:someone/small`"):
        find("transformers", "someone/small")


def test_a_path_that_is_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder"):
        find("transformers", str(tmp_path / "nothing"))


def test_a_number_is_read_without_any_library(checkpoint: Checkpoint) -> None:
    files = checkpoint.weights()
    assert checkpoint.number("missing", "logit_scale", files=files) == 4.5
    assert checkpoint.number("missing", files=files) is None


def test_the_fingerprint_is_of_the_content_not_of_the_place(checkpoint: Checkpoint, tmp_path: Path) -> None:
    here, other = checkpoint.fingerprint, tmp_path / "elsewhere"
    checkpoint.folder.rename(other)
    assert find("transformers", str(other)).fingerprint == here
    (other / "config.json").write_text('{"model_type": "siglip"}')
    assert find("transformers", str(other)).fingerprint != here


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (FILES["model.safetensors"][:-1], "only a part of model.safetensors"),
        (b"version https://git-lfs.github.com/spec/v1\n", "damaged model.safetensors"),
        (b"", "damaged model.safetensors"),
    ],
)
def test_weights_that_are_not_whole_are_refused(checkpoint: Checkpoint, content: bytes, said: str) -> None:
    (checkpoint.folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match=said):
        find("transformers", str(checkpoint.folder))


def test_a_pickle_beside_no_safetensors_is_refused(checkpoint: Checkpoint) -> None:
    (checkpoint.folder / "2_Dense").mkdir()
    (checkpoint.folder / "2_Dense" / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(ModelError, match=r"has 2_Dense/pytorch_model\.bin and no \.safetensors beside it"):
        find("transformers", str(checkpoint.folder))


def test_what_was_computed_is_remembered() -> None:
    calls: list[int] = []
    for _ in range(2):
        assert remembered("key", lambda: calls.append(1) or [1, 2]) == [1, 2]  # type: ignore[func-returns-value]
    assert calls == [1]

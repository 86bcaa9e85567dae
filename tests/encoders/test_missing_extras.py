"""Pretrained families without their libraries, from the command line: a pip command that helps, and nothing written."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from encoders.test_shelf import safetensors

from commonplace.cli import main

CLIP = {"open_clip_config.json": {"model_cfg": {"embed_dim": 4, "vision_cfg": {}, "text_cfg": {}}}}
CLAP = {"config.json": {"model_type": "clap"}}
SENTENCES = {
    "modules.json": [{"type": "sentence_transformers.models.Pooling", "path": "pooling"}],
    "pooling/config.json": {"word_embedding_dimension": 4},
}


@pytest.mark.parametrize(
    ("family", "files", "missing", "extra"),
    [
        ("open_clip", CLIP, ("torch",), "clip"),
        ("open_clip", CLIP, ("open_clip", "torch"), "clip"),
        ("transformers", {"config.json": {"model_type": "siglip2"}}, ("transformers", "torch"), "transformers"),
        ("transformers", CLAP, ("soundfile",), "sound"),
        ("sentence-transformers", SENTENCES, ("sentence_transformers", "torch"), "sentence-transformers"),
    ],
)
def test_adding_with_a_model_of_a_missing_extra_names_it_and_writes_nothing(
    family: str,
    files: dict[str, object],
    missing: tuple[str, ...],
    extra: str,
    folder: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMMONPLACE_MODELS", str(tmp_path / "shelf"))
    notes = folder("notes", {"a.md": "text"})
    checkpoint = folder("checkpoint", {name: json.dumps(fields) for name, fields in files.items()})
    (checkpoint / "model.safetensors").write_bytes(safetensors(logit_scale=[4.6]))
    for module in missing:
        monkeypatch.setitem(sys.modules, module, None)
    command = ["add", str(notes), "--model", f"{family}:{checkpoint}", "-c", str(tmp_path / "c")]
    answer = CliRunner().invoke(main, command)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert f"pip install 'commonplace[{extra}]'" in answer.stderr
    assert [path.name for path in (tmp_path / "c").rglob("*") if path.is_file() and path.name != "lock"] == []


@pytest.mark.parametrize(
    ("command", "missing", "extra"),
    [
        (["models", "pull", "open_clip:ViT-B-32/laion2b_s34b_b79k"], "open_clip", "clip"),
        (["models", "pull", "transformers:someone/small"], "huggingface_hub", "transformers"),
        (["models", "optimize", "transformers:someone/small", "--out", "out"], "torch", "train"),
        (["train", "--adapter", "pairs.jsonl", "--out", "out"], "torch", "train"),
    ],
)
def test_other_commands_name_the_extra_that_they_miss(
    command: list[str], missing: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMMONPLACE_MODELS", str(tmp_path / "shelf"))
    for switch in ("COMMONPLACE_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(switch, raising=False)
    (tmp_path / "pairs.jsonl").write_text('{"text": "a pump", "image": "a.png"}\n')
    monkeypatch.setitem(sys.modules, missing, None)
    answer = CliRunner().invoke(main, command)
    assert answer.exit_code == 2
    assert f"pip install 'commonplace[{extra}]'" in answer.stderr
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["pairs.jsonl"]

"""Checkpoints on this machine: folders in the hub's layout, pulled with hashes or simply there. Nothing is executed.

Only `pull` talks to the network. Weights are read from safetensors alone: a pickle can run anything, and so can the
Python files that some repositories carry; neither is fetched nor loaded.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np

from commonplace.errors import ModelError, UsageError
from commonplace.lazy import require

CARD = "commonplace.json"
KEPT = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
"""What of a repository is fetched and makes its fingerprint."""
PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl"})
_FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}


def shelf() -> Path:
    """COMMONPLACE_MODELS, or `commonplace/models` in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("COMMONPLACE_MODELS") or Path(cache) / "commonplace" / "models").expanduser()


def offline() -> bool:
    names = ("COMMONPLACE_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(os.environ.get(name, "").lower() in ("1", "true", "yes", "on") for name in names)


def remembered(key: str, compute: Callable[[], Any]) -> Any:
    """What `compute` answered for this key on this machine before, else what it answers now. Must be JSON."""
    path = shelf() / "known" / f"{sha256(key.encode()).hexdigest()[:32]}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        return json.loads(path.read_text("utf-8"))["value"]
    value = compute()
    with suppress(OSError):  # a shelf that cannot be written costs the same work next time
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps({"key": key, "value": value}), "utf-8")
        beside.replace(path)
    return value


@dataclass(frozen=True)
class Checkpoint:
    """A model's folder. Raises ModelError where files are missing, cut short, or hold pickles alone."""

    name: str
    folder: Path

    def json(self, file: str) -> dict[str, Any]:
        try:
            fields = json.loads((self.folder / file).read_text("utf-8"))
        except FileNotFoundError as error:
            raise self.error(f"has no {file}", "Name the folder that holds it, or a model of another family") from error
        except (OSError, ValueError) as error:
            raise self.error(f"has a damaged {file} ({error})", self._again) from error
        if not isinstance(fields, dict):
            raise self.error(f"has a {file} that is no object", self._again)
        return fields

    def weights(self, *preferred: str) -> list[Path]:
        """The safetensors files: the first of `preferred` that is there, else all in the folder itself."""
        found = [self.folder / file for file in preferred if (self.folder / file).exists()][:1]
        found = found or sorted(self.folder.glob("*.safetensors"))
        if not found:
            raise self.error(
                "has no .safetensors file", "Pickled weights are never loaded; convert them, or use another checkpoint"
            )
        return found

    @cached_property
    def files(self) -> list[Path]:
        """What the model consists of, checked to be whole."""
        everything = sorted(path for path in self.folder.rglob("*") if path.is_file())
        kept = [path for path in everything if any(path.match(pattern) for pattern in KEPT) and path.name != CARD]
        safe = {path.parent for path in kept if path.suffix == ".safetensors"}
        for path in everything:
            if path.suffix in PICKLES and path.parent not in safe:
                raise self.error(
                    f"has {path.relative_to(self.folder)} and no .safetensors beside it",
                    "Pickled weights are never loaded; convert them, or use another checkpoint",
                )
        for path in kept:
            if path.suffix == ".safetensors":
                self._header(path)
        return kept

    @cached_property
    def fingerprint(self) -> str:
        """32 hex digits over all files; hashed once, as long as their sizes and times stay."""
        if (self.folder / CARD).exists():
            hashes = {file: values["sha256"] for file, values in self.json(CARD)["files"].items()}
        else:
            stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in self.files]
            hashes = remembered(f"hashes {stats}", lambda: self.hashes())
        return sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()[:32]

    def hashes(self) -> dict[str, str]:
        return {str(path.relative_to(self.folder)): file_hash(path) for path in self.files}

    def number(self, *names: str, files: Iterable[Path]) -> float | None:
        """The first of these tensors of one number that is there."""
        for path in files:
            header, start = self._header(path)
            for name in names:
                if name in header and header[name]["dtype"] in _FLOATS:
                    begin, end = header[name]["data_offsets"]
                    with path.open("rb") as file:
                        file.seek(start + begin)
                        return float(np.frombuffer(file.read(end - begin), _FLOATS[header[name]["dtype"]])[0])
        return None

    def scale(self, name: str, files: Iterable[Path]) -> float | None:
        """What a model multiplies its cosines by, from the tensor of its logarithm."""
        log_scale = self.number(name, files=files)
        return None if log_scale is None else math.exp(log_scale)

    def error(self, what: str, then: str) -> ModelError:
        return ModelError(f"{self.name} in {self.folder} {what}. {then}.")

    @property
    def _again(self) -> str:
        return f"Fetch it again with `commonplace models pull {self.name}`, or copy the folder again"

    def _header(self, path: Path) -> tuple[dict[str, Any], int]:
        """The table of a safetensors file and where its data begin; the file must be as long as the table says."""
        size = path.stat().st_size
        try:
            with path.open("rb") as file:
                length = int.from_bytes(file.read(8), "little")
                if length > min(size, 100_000_000):
                    raise ValueError("its table is longer than itself")
                header = json.loads(file.read(length))
            whole = 8 + length + max(v["data_offsets"][1] for name, v in header.items() if name != "__metadata__")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self.error(f"has a damaged {path.name} ({error})", self._again) from error
        if whole != size:
            raise self.error(
                f"has only a part of {path.name}: {size:,} bytes, and its table says {whole:,}", self._again
            )
        return header, 8 + length


def find(family: str, reference: str) -> Checkpoint:
    """The checkpoint that `family:reference` names: a folder, or what was pulled. Raises ModelError."""
    name, path = f"{family}:{reference}", Path(reference).expanduser()
    if path.is_dir():
        checkpoint = Checkpoint(name, path.absolute())
        assert checkpoint.files is not None
        return checkpoint
    if path.exists() or reference.startswith(("/", ".", "~")):
        raise ModelError(f"{reference} is no folder; expected one in the hub's layout. Check the path.")
    folder = shelf() / _slug(name)
    if not (folder / CARD).exists():
        raise ModelError(
            f"{name} is not on this machine; models are only fetched when you say so. Run "
            f"`commonplace models pull {name}`, or give the path of a folder instead of {reference}."
        )
    checkpoint = Checkpoint(name, folder)
    for file, values in checkpoint.json(CARD)["files"].items():
        path = folder / file
        if not path.exists() or path.stat().st_size != values["bytes"]:
            raise checkpoint.error(f"has not the {file} that was pulled", checkpoint._again)
    return checkpoint


def pulled() -> list[dict[str, Any]]:
    """The cards of what is on the shelf."""
    return [json.loads(card.read_text("utf-8")) for card in sorted(shelf().glob(f"*/{CARD}"))]


def pull(name: str, repository: str, revision: str | None, only: tuple[str, ...] = KEPT) -> dict[str, Any]:
    """Fetch a repository of the hub, pinned to the commit that it has now; returns the card.

    only  patterns of the files that are wanted
    Nothing is on the shelf before every hash agrees; what was received of a broken transfer is used by the next try.
    """
    if offline():
        raise UsageError(f"{name} cannot be fetched: the offline switch is set. Unset COMMONPLACE_OFFLINE.")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    hub = require("huggingface_hub", extra="transformers")
    endpoint = os.environ.get("HF_ENDPOINT") or None
    target = shelf() / _slug(name)
    partial = shelf() / "partial" / target.name
    try:
        info = hub.HfApi(endpoint=endpoint).model_info(repository, revision=revision, files_metadata=True, timeout=30)
        hub.snapshot_download(
            repository, revision=info.sha, local_dir=partial, allow_patterns=list(only), endpoint=endpoint
        )
    except Exception as error:  # of the hub's client, its HTTP library and the operating system
        raise ModelError(
            f"{name} could not be fetched from {repository}: {' '.join(str(error).split())[:300]}. Check the name and "
            "the network, and run the command again: it goes on where it was."
        ) from error
    shutil.rmtree(partial / ".cache", ignore_errors=True)
    checkpoint = Checkpoint(name, partial)
    checkpoint.weights()
    hashes = checkpoint.hashes()
    for sibling in info.siblings or []:
        told = getattr(sibling.lfs, "sha256", None)
        if told and hashes.get(sibling.rfilename, told) != told:
            (partial / sibling.rfilename).unlink()
            raise ModelError(
                f"{name}: {sibling.rfilename} has another hash than the hub states. Run the command again."
            )
    data = info.card_data
    card = {
        "name": name,
        "repository": repository,
        "revision": info.sha,
        "licence": (getattr(data, "license_name", None) or getattr(data, "license", None) or "not stated"),
        "files": {file: {"sha256": h, "bytes": (partial / file).stat().st_size} for file, h in hashes.items()},
    }
    (partial / CARD).write_text(json.dumps(card, indent=1), "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    return card


def verify(name: str) -> list[str]:
    """What is wrong with a pulled model, file by file; empty when every hash agrees."""
    folder = shelf() / _slug(name)
    complaints = []
    for file, values in _card(folder, name)["files"].items():
        if not (folder / file).exists():
            complaints.append(f"{file} is missing")
        elif file_hash(folder / file) != values["sha256"]:
            complaints.append(f"{file} has another hash than it had when it was pulled")
    return complaints


def remove(name: str) -> int:
    """Delete a pulled model, or what a broken transfer left of it; returns the bytes that are free now."""
    folders = [folder for folder in (shelf() / _slug(name), shelf() / "partial" / _slug(name)) if folder.exists()]
    if not folders:
        _card(shelf() / _slug(name), name)
    size = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
    for folder in folders:
        shutil.rmtree(folder)
    return size


def _card(folder: Path, name: str) -> Mapping[str, Any]:
    if not (folder / CARD).exists():
        known = ", ".join(card["name"] for card in pulled()) or "none yet"
        raise UsageError(f"{name} was not pulled; on this machine: {known}. See `commonplace models list`.")
    card: dict[str, Any] = json.loads((folder / CARD).read_text("utf-8"))
    return card


def _slug(name: str) -> str:
    return re.sub(r"[^\w.-]+", "--", name)


def file_hash(path: Path) -> str:
    """sha256 of the bytes, in hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()

"""The files that say what a collection is: `collection.json` and each generation's `manifest.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from commonplace.errors import CorruptCollection, NewerCollection
from commonplace.failures import DAMAGED
from commonplace.profiles import Code, Profile
from commonplace.stores.base import Schema

FORMAT = 1
"""Raised when an older release could no longer read a collection."""


@dataclass(frozen=True, slots=True)
class Identity:
    """`collection.json`."""

    format: int
    generation: str
    space: str


@dataclass(frozen=True, slots=True)
class LaneManifest:
    """What a dense lane's vectors are: made by which tower, then transformed how."""

    encoder: str
    fingerprint: str
    dim: int
    """As they are stored, after the transforms."""
    transforms: tuple[str, ...] = ()
    profile: Profile = "float"
    oversampling: float = 1.0
    ef: int = 128
    on_disk: bool = False

    @property
    def code(self) -> Code:
        return Code(self.profile, self.oversampling, self.ef, self.on_disk)


@dataclass(frozen=True, slots=True)
class Manifest:
    """`generations/NNNN/manifest.json`: vectors and words that are not made like this never mix with these."""

    store: str
    lanes: Mapping[str, LaneManifest]
    wording: str
    """Fingerprint of the analyser and of how chunks are worded."""
    location: str = ""
    """URL of a store on a server, without its password; empty for the embedded one."""

    @property
    def schema(self) -> Schema:
        lanes = self.lanes.items()
        return Schema({lane: held.dim for lane, held in lanes}, {lane: held.code for lane, held in lanes})


def read_identity(folder: Path) -> Identity | None:
    """None if there is no collection in `folder`. Raises NewerCollection and CorruptCollection."""
    path = folder / "collection.json"
    if not path.exists():
        return None
    fields = read_json(path)
    if not isinstance(fields.get("format"), int):
        raise CorruptCollection(_damaged(path, "it names no format"))
    if fields["format"] > FORMAT:
        raise NewerCollection(
            f"{folder} was written in format {fields['format']}, this release reads up to {FORMAT}. "
            "Upgrade with: pip install -U commonplace"
        )
    texts = fields.keys() - {"format"}
    if texts != {"generation", "space"} or not all(isinstance(fields[name], str) for name in texts):
        raise CorruptCollection(_damaged(path, "its fields are not format, generation and space"))
    return Identity(**fields)


def write_identity(folder: Path, identity: Identity) -> None:
    write_json(folder / "collection.json", asdict(identity))


def generation_folder(folder: Path, identity: Identity) -> Path:
    return folder / "generations" / identity.generation


def read_manifest(generation: Path) -> Manifest:
    path = generation / "manifest.json"
    fields = read_json(path)
    try:
        lanes = {
            lane: LaneManifest(**{**values, "transforms": tuple(values["transforms"])})
            for lane, values in fields.pop("lanes").items()
        }
        if not all(type(values.dim) is int for values in lanes.values()):
            raise TypeError("a dimension is no number")
        return Manifest(lanes=lanes, **fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise CorruptCollection(_damaged(path, str(error))) from error


def write_manifest(generation: Path, manifest: Manifest) -> None:
    write_json(generation / "manifest.json", asdict(manifest))


def write_json(path: Path, fields: Mapping[str, Any]) -> None:
    """Whole or not at all: written beside and moved into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".tmp")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(fields, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CorruptCollection(_damaged(path, str(error))) from error
    if not isinstance(fields, dict):
        raise CorruptCollection(_damaged(path, f"it holds {type(fields).__name__}"))
    return fields


def _damaged(path: Path, why: str) -> str:
    return f"{path} cannot be read ({why}); expected the JSON that commonplace wrote. {DAMAGED}"

"""Pairs for an adapter: a user's own descriptions, the questions of a golden set, or a log of clicks."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from commonplace.encoders.shelf import file_hash
from commonplace.errors import UsageError
from commonplace.ingest import links, sound, video
from commonplace.spaces.space import Space

MEDIA = {"image": links.SUFFIXES, "audio": sound.SUFFIXES, "video": video.SUFFIXES}


class Row(NamedTuple):
    text: str
    modality: str
    path: Path
    group: str


def read_pairs(file: Path, space: Space, sources: Mapping[str, Path]) -> Iterator[Row]:
    """What `train_adapter` says of `file`, of the media that the space has encoders for. Raises UsageError."""
    try:
        lines = file.read_text("utf-8").splitlines()
        records = list(csv.DictReader(lines)) if file.suffix == ".csv" else [json.loads(x) for x in lines if x.strip()]
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read as pairs ({error}); expected JSON lines or CSV.") from error
    content = cache(file_hash)
    for number, record in enumerate(records, 1):
        given: dict[str, Any] = record if isinstance(record, dict) else {}
        where = f"{file}, record {number}"
        text, chosen = given.get("text") or given.get("query", ""), given.get("gold", given.get("clicked"))
        if chosen is None:
            found = [(modality, given[modality]) for modality in MEDIA if given.get(modality)]
            if not text or not found:
                raise UsageError(f"{where}: expected `text` with {', '.join(MEDIA)}, got {str(record)[:80]!r}.")
            for modality, _ in found:
                if modality not in space.encoders:
                    raise UsageError(f"{where}: {space.name} has no encoder of {modality}. Choose another --model.")
        else:  # a question of pictures alone has no text, and one that nothing answers has no gold
            named = [] if not text else [chosen] if isinstance(chosen, str) else chosen
            found = [(m, path) for path in named for m, suffixes in MEDIA.items()
                     if m in space.encoders and Path(path).suffix.lower() in suffixes]  # fmt: skip
        for modality, path in found:
            whole = _place(path, file.parent, sources)
            if whole is None:
                raise UsageError(
                    f"{where}: {file.parent / path} does not exist. Paths are relative to the file; documents of a "
                    "collection need its --collection."
                )
            yield Row(text, modality, whole, str(given.get("group") or content(whole)))


def _place(name: str, beside: Path, sources: Mapping[str, Path]) -> Path | None:
    """The file beside the pairs, else the first document that answers to the name, as `eval` compares them."""
    if (beside / name).exists():
        return beside / name
    return next((path for source, path in sources.items() if f"/{source}".endswith(f"/{name}")), None)

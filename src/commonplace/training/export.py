"""From a torch tower to the files that ship: ONNX, 8-bit weights, the card, and the proof that little was lost."""

from __future__ import annotations

import json
import warnings
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from commonplace.encoders.onnx import fingerprint
from commonplace.errors import ModelError
from commonplace.lazy import require
from commonplace.types import Vectors

OPSET = 18


def to_onnx(tower: Any, example: Tensor, free_axes: int) -> Any:
    """The tower as an ONNX model of one input; its first `free_axes` axes take any size.

    example  an input in which no free axis has size 1, which the tracer would take for a constant
    """
    require("onnxscript", extra="train")
    sizes = dict.fromkeys(range(free_axes), torch.export.Dim.DYNAMIC)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter uses its own deprecated names
        program = torch.onnx.export(
            tower.eval(),
            (example,),
            input_names=["items"],
            output_names=["vectors"],
            dynamic_shapes=(sizes,),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None, "the dynamo exporter returns one"
    model = program.model_proto
    # The exporter notes where in whose folders each node was traced.
    for noted in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.value_info):
        del noted.metadata_props[:]
    return model


def write(model: Any, folder: Path, name: str, card: dict[str, Any], tokenizer: str | None = None) -> dict[str, Any]:
    """Write `name.onnx`, `name.tokenizer.json` and `name.json`; returns the card with hashes and fingerprint."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    files = [f"{name}.onnx"]
    if tokenizer is not None:
        (folder / f"{name}.tokenizer.json").write_text(tokenizer, "utf-8")
        files.append(f"{name}.tokenizer.json")
    card = {**card, "files": {file: sha256((folder / file).read_bytes()).hexdigest() for file in files}}
    card["fingerprint"] = fingerprint(card)
    (folder / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    return card


def gate(exact: Vectors, small: Vectors, *, percentile_1: float, minimum: float) -> dict[str, float]:
    """How near the vectors of the quantised tower are to the float tower's, both (n, d) with unit rows.

    Raises ModelError where the 1st percentile or the minimum of their cosines falls below the bar.
    """
    cosines = (exact * small).sum(1)
    figures = {
        "cosine mean": float(cosines.mean()),
        "cosine 1st percentile": float(np.percentile(cosines, 1)),
        "cosine minimum": float(cosines.min()),
    }
    if figures["cosine 1st percentile"] < percentile_1 or figures["cosine minimum"] < minimum:
        raise ModelError(
            f"the quantised tower has drifted: {figures}; expected a 1st percentile of {percentile_1} and a minimum of "
            f"{minimum} or more. Quantise fewer layers, or smaller blocks."
        )
    return figures

"""Fewer bits for the constant matrices of an exported tower, by what the processor multiplies quickly."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from commonplace.lazy import require

BLOCK = 128
"""Weights that share a scale."""


def eight_bits(model: Any, table: str | None = None) -> Any:
    """The model with 8-bit weights: every product with a constant matrix, and the rows of the embedding `table`.

    Activations are quantised by rows at run time, so that a vector does not depend on what else is in its batch:
    one scale for the whole batch moved vectors by up to 0.013 in cosine (and fell to 0.981 against float; this, 0.998).
    """
    onnx = require("onnx", extra="train")
    graph = onnx.ModelProto.FromString(model.SerializeToString()).graph
    _split_gemms(graph)
    if table:
        _eight_bit_rows(graph, table)
    logging.getLogger("onnxruntime.quantization").setLevel(logging.WARNING)  # it tells of every node
    quantizer = require("onnxruntime.quantization.matmul_nbits_quantizer", extra="train").MatMulNBitsQuantizer(
        onnx.helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version),
        bits=8,
        block_size=BLOCK,
        is_symmetric=True,
        accuracy_level=4,
    )
    quantizer.process()
    return quantizer.model.model


def seven_bits(model: Any) -> Any:
    """The model with 7-bit weights, one scale a column, and 8-bit activations, one scale a run: for one item a run.

    Without VNNI, CPUs multiply these twice as fast as they do `eight_bits` (ViT-B/32 on AVX2: 87 ms against 183); of
    8-bit weights their 16-bit sums overflow, which fell to 0.980 in cosine. Outliers in activations may cost more than
    in `eight_bits`: the gate says whether they do.
    """
    onnx = require("onnx", extra="train")
    made = onnx.ModelProto.FromString(model.SerializeToString())
    graph = made.graph
    _split_gemms(graph)
    arrays, nodes = {tensor.name: tensor for tensor in graph.initializer}, []
    for node in graph.node:
        weight = arrays.get(node.input[1]) if node.op_type == "MatMul" else None
        if weight is None or len(weight.dims) != 2:
            nodes.append(node)
            continue
        columns, out = onnx.numpy_helper.to_array(weight), node.output[0]
        scales = np.maximum(np.abs(columns).max(0), 1e-12).astype(np.float32) / 63
        small, steps = f"{out}.weights", f"{out}.scales"
        graph.initializer.append(onnx.numpy_helper.from_array(np.rint(columns / scales).astype(np.int8), small))
        graph.initializer.append(onnx.numpy_helper.from_array(scales, steps))
        items, step, zero = (f"{out}.{name}" for name in ("items", "step", "zero"))
        nodes.append(onnx.helper.make_node("DynamicQuantizeLinear", [node.input[0]], [items, step, zero]))
        product = [items, small, step, steps, zero]
        nodes.append(onnx.helper.make_node("MatMulIntegerToFloat", product, [out], domain="com.microsoft"))
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    made.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    return made


def eight_bit_weights(model: Any) -> Any:
    """The model with 8-bit constant matrices, one scale a column, that are widened to float32 when it is loaded.

    It counts in float32: a processor without 8-bit dot products takes 1.5 times as long for `eight_bits`.
    """
    onnx = require("onnx", extra="train")
    graph = onnx.ModelProto.FromString(model.SerializeToString()).graph
    _split_gemms(graph)
    arrays = {tensor.name: tensor for tensor in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMul" and node.input[1] in arrays]
    widened = []
    for name in dict.fromkeys(node.input[1] for node in products):
        columns = onnx.numpy_helper.to_array(arrays[name])
        scales = np.maximum(np.abs(columns).max(0), 1e-12).astype(np.float32) / 127
        rounded = np.rint(columns / scales).astype(np.int8)
        graph.initializer.remove(arrays[name])
        graph.initializer.append(onnx.numpy_helper.from_array(rounded, f"{name}.columns"))
        graph.initializer.append(onnx.numpy_helper.from_array(scales, f"{name}.scales"))
        widened += [
            onnx.helper.make_node("Cast", [f"{name}.columns"], [f"{name}.wide"], to=onnx.TensorProto.FLOAT),
            onnx.helper.make_node("Mul", [f"{name}.wide", f"{name}.scales"], [name]),
        ]
    ordered = [*widened, *graph.node]
    del graph.node[:]
    graph.node.extend(ordered)
    return onnx.helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


def _split_gemms(graph: Any) -> None:
    """Write each Gemm as a product and a sum, the form that the quantizer knows."""
    onnx = require("onnx", extra="train")
    arrays = {tensor.name: tensor for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type != "Gemm":
            nodes.append(node)
            continue
        items, weight, *bias = node.input
        assert {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}.get("transB") == 1
        columns = np.ascontiguousarray(onnx.numpy_helper.to_array(arrays[weight]).T)
        graph.initializer.remove(arrays[weight])
        graph.initializer.append(onnx.numpy_helper.from_array(columns, weight))
        out = node.output[0]
        nodes.append(onnx.helper.make_node("MatMul", [items, weight], [f"{out}.product" if bias else out], out))
        nodes += [onnx.helper.make_node("Add", [f"{out}.product", *bias], [out])] if bias else []
    del graph.node[:]
    graph.node.extend(nodes)


def _eight_bit_rows(graph: Any, table: str) -> None:
    """Keep the rows of `table` (v, d) as int8 with one scale a row, gathered before they are widened."""
    onnx = require("onnx", extra="train")
    stored = next(tensor for tensor in graph.initializer if tensor.name == table)
    gather = next(node for node in graph.node if node.op_type == "Gather" and node.input[0] == table)
    rows = onnx.numpy_helper.to_array(stored)
    scales = np.maximum(np.abs(rows).max(1, keepdims=True), 1e-12).astype(np.float32) / 127
    graph.initializer.remove(stored)
    graph.initializer.extend(
        [
            onnx.numpy_helper.from_array(np.rint(rows / scales).astype(np.int8), "table.rows"),
            onnx.numpy_helper.from_array(scales, "table.scales"),
        ]
    )
    ids, out = gather.input[1], gather.output[0]
    nodes = [
        onnx.helper.make_node("Gather", ["table.rows", ids], ["table.row"]),
        onnx.helper.make_node("Cast", ["table.row"], ["table.wide"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("Gather", ["table.scales", ids], ["table.scale"]),
        onnx.helper.make_node("Mul", ["table.wide", "table.scale"], [out]),
    ]
    at = list(graph.node).index(gather)
    ordered = [*graph.node[:at], *nodes, *graph.node[at + 1 :]]
    del graph.node[:]
    graph.node.extend(ordered)

"""Encoders: a batch of one modality in, unit vectors out."""

ENCODERS = {
    "bundled-text": "commonplace.encoders.onnx:TextEncoder",
    "bundled-image": "commonplace.encoders.onnx:ImageEncoder",
}
"""Name -> where its class lives."""

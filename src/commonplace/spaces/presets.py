"""Names for pairings that are worth having. What they cost is told by `commonplace models list`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """dim, parameters (millions; 0: not known) and licence are those of what is pulled, as its makers state them."""

    space: str
    dim: int
    modalities: tuple[str, ...]
    parameters: int
    licence: str
    extras: tuple[str, ...]
    brings: str


_PICTURES = ("text", "image")
PRESETS = {
    "clip": Preset(
        "bundled+open_clip:ViT-B-32/laion2b_s34b_b79k", 512, _PICTURES, 151, "MIT", ("clip",),
        "photos and everyday things; nearly blind for text in pictures",
    ),
    "siglip2": Preset(
        "bundled+transformers:google/siglip2-base-patch16-256", 768, _PICTURES, 375, "Apache-2.0", ("transformers",),
        "photos, screenshots and figures, many languages",
    ),
    "best-cpu": Preset(
        "bundled+transformers:google/siglip2-base-patch32-256", 768, _PICTURES, 376, "Apache-2.0", ("transformers",),
        "as siglip2 with a quarter of the patches: the one for many pictures without a GPU",
    ),
    "best-gpu": Preset(
        "sentence-transformers:Qwen/Qwen3-Embedding-0.6B+transformers:google/siglip2-so400m-patch16-512", 1152,
        _PICTURES, 1732, "Apache-2.0", ("sentence-transformers", "transformers"),
        "long passages in a hundred languages; 512-pixel pictures, whose small text counts",
    ),
    "tri-modal": Preset(
        "bundled+transformers:facebook/pe-av-large-16-frame", 3072, ("text", "audio", "video"), 0, "Apache-2.0",
        ("transformers", "sound"), "sounds and videos by words, and by each other",
    ),
}  # fmt: skip

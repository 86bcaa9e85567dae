"""`adapter:PATH`: a space whose picture or sound vectors pass through a trained head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from commonplace.errors import SpaceMismatch
from commonplace.spaces.heads import HeadedEncoder, read
from commonplace.spaces.space import Space

OPTIONS: frozenset[str] = frozenset()


def towers(reference: str, options: Mapping[str, str]) -> Space:
    """The space that the adapter in this folder was fitted on, with its heads. Raises ModelError and SpaceMismatch."""
    from commonplace.spaces.registry import load_space

    del options
    card, heads = read(Path(reference).expanduser())
    base = load_space(card["base"])
    for modality, fingerprint in card["encoders"].items():
        held = base.encoders[modality].fingerprint if modality in base.encoders else "no encoder"
        if held != fingerprint:
            raise SpaceMismatch(
                f"the adapter in {reference} was fitted on the {modality} encoder {fingerprint[:12]} of "
                f"{card['base']!r}, which now has {held[:12]}. Fit it again with `commonplace train --adapter`."
            )
    headed = {m: HeadedEncoder(base.encoders[m], head) for m, head in heads.items()}
    return replace(base, name=f"adapter:{reference}", encoders={**base.encoders, **headed})

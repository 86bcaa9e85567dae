"""What every store refuses before it writes or asks: one rule for all engines, whatever each would let through.

Engines accept NaN and never find it again, store zero vectors, insert half of a failing batch. So a batch is checked
whole, here, before an engine sees any of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from commonplace.errors import DimensionMismatch, InvalidVector, SpaceMismatch, UnknownName
from commonplace.profiles import PROFILES, Code
from commonplace.stores.filters import EARLIEST, LATEST, storable
from commonplace.stores.points import Point, Schema
from commonplace.types import MODALITIES, Vectors

_ID = re.compile(r"[0-9a-f]{16}")
_LENGTH_TOLERANCE = 1e-3
"""How far from 1 a unit vector's length may lie: what float16 rounding leaves is well below."""


def number_of(chunk_id: str) -> int:
    """A chunk's id as the unsigned 64-bit number that engines keep; the order of numbers is the order of ids."""
    if not isinstance(chunk_id, str) or not _ID.fullmatch(chunk_id):
        raise ValueError(f"a chunk id is 16 lower-case hex digits, got {chunk_id!r}.")
    return int(chunk_id, 16)


def id_of(number: int) -> str:
    return f"{number:016x}"


def check_schema(schema: Schema) -> None:
    for lane, dim in schema.dims.items():
        if not lane.isidentifier() or lane in ("bm25", "identifier"):
            raise ValueError(f"a dense lane is a name other than 'bm25' and 'identifier', got {lane!r}.")
        if not 1 <= dim <= 65_536:
            raise ValueError(f"lane {lane!r} needs a dimension from 1 to 65536, got {dim}.")
        if (code := schema.code(lane)).profile not in PROFILES:
            raise UnknownName(f"no profile {code.profile!r}; choose from: {', '.join(PROFILES)}")
        if code.oversampling < 1 or code.ef < 0:
            raise ValueError(f"oversampling is 1 or more and ef 0 or more, got {code} for lane {lane!r}.")


def dump_schema(schema: Schema) -> dict[str, Any]:
    """What of a schema is fixed when a store is made, as JSON."""
    profiles = {lane: schema.code(lane).profile for lane in schema.dims}
    return {"dims": dict(schema.dims), "profiles": profiles, "encoders": dict(schema.encoders)}


def load_schema(fields: Mapping[str, Any]) -> Schema:
    """Raises KeyError, TypeError, ValueError or AttributeError where `fields` are not what `dump_schema` made."""
    codes = {str(lane): Code(profile) for lane, profile in fields.get("profiles", {}).items()}
    encoders = {str(lane): str(made_by) for lane, made_by in fields.get("encoders", {}).items()}
    return Schema({str(lane): int(dim) for lane, dim in fields["dims"].items()}, codes, encoders)


def check_same(what: str, made: Schema, asked: Schema) -> None:
    """Raises SpaceMismatch. Encoders are compared where both know them."""
    known = asked.encoders if made.encoders else {}
    made = replace(made, encoders=made.encoders if known else {})
    if (held := dump_schema(made)) != (wanted := dump_schema(replace(asked, encoders=known))):
        raise SpaceMismatch(
            f"{what} was made for {held} (by lane), asked for: {wanted}. "
            "Open it with the encoders it was made with, or make a new collection."
        )


def check_lane(schema: Schema, lane: str) -> None:
    if lane not in schema.dims:
        raise UnknownName(f"no dense lane {lane!r} in this store; it was made for: {', '.join(schema.dims)}.")


def check_points(schema: Schema, points: Sequence[Point]) -> None:
    """Raises InvalidVector, DimensionMismatch, UnknownName or ValueError, saying which point and what is wrong."""
    rows: dict[str, list[Vectors]] = {lane: [] for lane in schema.dims}
    owners: dict[str, list[str]] = {lane: [] for lane in schema.dims}
    for point in points:
        number_of(point.id)
        for lane, vector in point.vectors.items():
            check_lane(schema, lane)
            _check_dim(schema, lane, vector)
            rows[lane].append(vector)
            owners[lane].append(point.id)
        try:
            _check_terms(point.terms)
            _check_payload(point)
        except ValueError as error:
            raise ValueError(f"chunk {point.id}: {error}") from None
    for lane, vectors in rows.items():
        _check_lengths(vectors, [f"chunk {owner}, lane {lane!r}" for owner in owners[lane]])


def check_query(schema: Schema, lane: str, query: Vectors, k: int) -> None:
    check_lane(schema, lane)
    _check_dim(schema, lane, query)
    _check_lengths([query], [f"query of lane {lane!r}"])
    check_k(k)


def check_terms_query(terms: Mapping[int, float], k: int) -> None:
    _check_terms(terms)
    check_k(k)


def check_k(k: int) -> None:
    if k < 1:
        raise ValueError(f"k is the number of chunks to find, at least 1; got {k}.")


def _check_dim(schema: Schema, lane: str, vector: Vectors) -> None:
    if np.shape(vector) != (schema.dims[lane],):
        raise DimensionMismatch(
            f"lane {lane!r} holds vectors of shape ({schema.dims[lane]},), got {np.shape(vector)}. "
            "Encode with the encoder that the collection was made with."
        )


def _check_lengths(vectors: Sequence[Vectors], names: Sequence[str]) -> None:
    if not vectors:
        return
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(np.asarray(vectors, np.float32), axis=1)
    bad = ~(np.abs(lengths - 1) <= _LENGTH_TOLERANCE)  # so that NaN is bad
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InvalidVector(
            f"{names[row]}: expected a vector of length 1, got length {lengths[row]:.4g} (NaN: not all finite). "
            "`unit_rows` normalises; a NaN or zero vector points to the model: try `commonplace doctor`."
        )


def _check_terms(terms: Mapping[int, float]) -> None:
    for term, weight in terms.items():
        if not isinstance(term, int) or not 0 <= term < 2**32:
            raise ValueError(f"a term id is an unsigned 32-bit number, got {term!r}.")
        if not (weight > 0 and math.isfinite(weight)):
            raise ValueError(f"a term's weight is finite and above 0, got {weight!r} for term {term}.")


def _check_payload(point: Point) -> None:
    if point.modality not in MODALITIES:
        raise ValueError(f"no modality {point.modality!r}; expected one of: {', '.join(MODALITIES)}.")
    if not isinstance(point.document, int) or not -(2**63) <= point.document < 2**63:
        raise ValueError(f"a document is a whole number of 64 bits, got {point.document!r}.")
    if point.date is not None and not (isinstance(point.date, int) and EARLIEST <= point.date <= LATEST):
        raise ValueError(f"a date is whole seconds since 1970 within the years 1 to 9999, got {point.date!r}.")
    _check_texts("tags", point.tags)
    _check_texts("identifiers", point.identifiers)


def _check_texts(what: str, texts: Iterable[str]) -> None:
    for text in texts:
        if not isinstance(text, str) or not storable(text):
            raise ValueError(f"{what} are text without NUL and lone surrogates, got {text!r}.")

"""models: what can encode, what it costs, and what of it is on this machine."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

import commonplace
from commonplace.cli.common import FILE, json_option, print_json, print_result
from commonplace.errors import CommonplaceError, MissingExtra

MODULES = {
    "clip": "open_clip",
    "transformers": "transformers",
    "sentence-transformers": "sentence_transformers",
    "sound": "soundfile",
}
"""Extra -> the module that it brings."""
COLUMNS = ("name", "dim", "modalities", "MB", "licence", "installed", "downloaded")


@click.group(invoke_without_command=True)
@click.pass_context
@json_option
def models(ctx: click.Context, as_json: bool) -> None:
    """List what `--model` can name; fetch, check and remove models.

    \b
      commonplace models list
      commonplace models pull siglip2
      commonplace models verify siglip2
      commonplace models optimize clip --out clip-onnx/
    """
    if ctx.invoked_subcommand is None:
        _list(as_json)


@models.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Presets and pulled models: dimensions, modalities, size, licence, whether they can be used here."""
    _list(as_json)


def _list(as_json: bool) -> None:
    from commonplace.encoders.shelf import pulled
    from commonplace.spaces.presets import PRESETS
    from commonplace.spaces.registry import SPACES, split

    cards = {card["name"]: card for card in pulled()}
    rows: list[dict[str, Any]] = []
    for name in SPACES:
        space = commonplace.load_space(name)
        size = sum(encoder.path.stat().st_size for encoder in space.encoders.values())  # type: ignore[attr-defined]
        rows.append(_row(name, space.dim, list(space.encoders), size, "Apache-2.0", [], True))
    for name, preset in PRESETS.items():
        missing = [extra for extra in preset.extras if not find_spec(MODULES[extra])]
        here = all(one in cards for one in _to_pull(name))
        size = 4_000_000 * preset.parameters
        row = _row(name, preset.dim, list(preset.modalities), size, preset.licence, missing, here)
        rows.append(row | {"space": preset.space, "brings": preset.brings})
    for name, card in cards.items():
        dim, modalities = _towers(name)
        extra = {"open_clip": "clip"}.get(family := split(name)[0], family)
        missing = [] if find_spec(MODULES[extra]) else [extra]
        row = _row(name, dim, modalities, _size(card), card["licence"], missing, True)
        rows.append(row | {key: card[key] for key in ("repository", "revision")})
    if as_json:
        print_json(rows)
        return
    cells = [COLUMNS, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _row(
    name: str, dim: int | None, modalities: list[str], size: int, licence: str, missing: list[str], here: bool
) -> dict[str, Any]:
    """size in bytes, 0 where it is not known."""
    return {
        "name": name, "dim": dim, "modalities": modalities, "megabytes": round(size / 1e6) if size else None,
        "licence": licence, "missing_extras": missing, "downloaded": here, "ready": here and not missing,
    }  # fmt: skip


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    known = [str(row[key]) if row[key] is not None else "?" for key in ("dim", "megabytes")]
    needs = f"needs [{', '.join(row['missing_extras'])}]" if row["missing_extras"] else "yes"
    here = "yes" if row["downloaded"] else "no"
    return (row["name"], known[0], ", ".join(row["modalities"]), known[1], row["licence"], needs, here)


def _size(card: dict[str, Any]) -> int:
    """Bytes of a pulled model."""
    return int(sum(file["bytes"] for file in card["files"].values()))


def _towers(name: str) -> tuple[int | None, list[str]]:
    """Dimension and modalities by a model's configuration; no weights are loaded."""
    try:
        space = commonplace.load_space(name)
    except CommonplaceError:  # of no family's architecture, or damaged: `verify` says what is wrong
        return None, []
    return space.dim, list(space.encoders)


@models.command()
@click.argument("name")
@json_option
def pull(name: str, as_json: bool) -> None:
    """Fetch a model from the hub, pinned to the commit it has now; NAME@REVISION for another.

    \b
      commonplace models pull transformers:google/siglip2-base-patch16-256
    """
    from commonplace.encoders import shelf
    from commonplace.encoders.open_clip import repository
    from commonplace.spaces.registry import split

    cards = []
    for one in _to_pull(name):
        family, reference, _ = split(one)
        reference, _, revision = reference.partition("@")
        only = shelf.KEPT
        if family == "open_clip":
            if shelf.offline():
                shelf.pull(one, "", None)  # says so, before open_clip and torch are loaded
            place, only = repository(reference), ("open_clip*.safetensors", *shelf.KEPT[1:])
        else:
            place = reference
        pinned = f"{family}:{reference}" + (f"@{revision}" if revision else "")
        cards.append(shelf.pull(pinned, place, revision or None, only))
    lines = [
        f"{card['name']}: {_size(card) // 10**6} MB, licence {card['licence']}, commit {card['revision']}"
        for card in cards
    ]
    print_result(cards, "\n".join(lines) or f"{name}: nothing to fetch", as_json)


@models.command()
@click.argument("name")
@json_option
@click.pass_context
def verify(ctx: click.Context, name: str, as_json: bool) -> None:
    """Hash the files of a pulled model, load it, and check that its vectors tell things apart. Exits with 1 if not."""
    from commonplace.encoders.shelf import verify as check

    complaints = [f"{one}: {complaint}" for one in _to_pull(name) for complaint in check(one)]
    try:
        if not complaints:
            commonplace.load_space(name).load()
        checked = "hashes agree, vectors tell things apart"
    except MissingExtra as error:
        checked = f"hashes agree; not loaded: {error}"
    text = "\n".join(complaints) or f"{name}: {checked}"
    print_result({"name": name, "complaints": complaints}, text, as_json)
    ctx.exit(1 if complaints else 0)


@models.command()
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Delete a pulled model from this machine. Collections made with it need it again to be searched."""
    from commonplace.encoders.shelf import remove as delete

    freed = sum(delete(one) for one in _to_pull(name))
    print_result({"name": name, "bytes": freed}, f"{name}: {freed // 10**6} MB freed", as_json)


@models.command()
@click.argument("name")
@click.option("--out", required=True, type=FILE, help="Folder of the exported towers.")
@click.option("--image", "images", multiple=True, type=FILE, help="A picture for the gate to see.")
@json_option
def optimize(name: str, out: Path, images: tuple[Path, ...], as_json: bool) -> None:
    """Export a model to ONNX with 8-bit weights, for CPUs and without torch; use it as onnx:OUT.

    Refused where a vector moves by more than 0.01 in cosine. Needs the model's own extra and [train].
    """
    from commonplace.ingest.pictures import open_picture
    from commonplace.lazy import require
    from commonplace.spaces.presets import PRESETS

    require("torch", extra="train")
    from commonplace.training.optimize import optimize as export

    wanted = PRESETS[name].space.rpartition("+")[2] if name in PRESETS else name
    figures = export(wanted, out, [open_picture(image) for image in images])
    lines = [
        f"{modality}: " + ", ".join(f"{what} {value:.4f}" for what, value in cosines.items())
        for modality, cosines in figures.items()
    ]
    text = "\n".join([*lines, f"use it as --model onnx:{out}"])
    print_result({"space": f"onnx:{out}", "cosines": figures}, text, as_json)


def _to_pull(name: str) -> list[str]:
    """The parts of a space that come from the hub, without their options."""
    from commonplace.spaces.registry import SPACES, canonical, parts, split

    found = []
    for part in parts(canonical(name)):
        if part in SPACES:
            continue
        family, reference, _ = split(part)
        if family in ("open_clip", "transformers", "sentence-transformers") and not Path(reference).is_dir():
            found.append(f"{family}:{reference}")
    return found

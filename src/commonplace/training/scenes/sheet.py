"""A contact sheet of scenes with their captions, to be looked at by eye."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap

import click
from PIL import Image, ImageDraw, ImageFont

from commonplace.training.scenes.families import FAMILIES
from commonplace.training.scenes.scene import Scene, pair, scene
from commonplace.training.scenes.styles import STYLES

CELL, TEXT = 330, 150


def contact_sheet(scenes: list[Scene], columns: int) -> Image.Image:
    rows = -(-len(scenes) // columns)
    sheet = Image.new("RGB", (columns * CELL, rows * (CELL + TEXT)), "#888888")
    pen, small = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for n, one in enumerate(scenes):
        x, y = n % columns * CELL, n // columns * (CELL + TEXT)
        sheet.paste(one.image, (x + 5, y + 5))
        head = f"{one.family} / {one.style}"
        lines = [head, *(line for view in one.captions.values() for line in wrap(view, 58)[:3])]
        pen.rectangle(
            (x, y + 10 + one.image.height, x + CELL - 6, y + 16 + one.image.height + 13 * len(lines)), "white"
        )
        for row, line in enumerate(lines):
            pen.text((x + 5, y + 12 + one.image.height + 13 * row), line, "#000000", small)
    return sheet


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--family", "families", multiple=True, type=click.Choice(sorted(FAMILIES)), help="Default: all in turn.")
@click.option("--style", type=click.Choice(sorted(STYLES)))
@click.option("--seed", default=0, show_default=True)
@click.option("-n", "--count", default=24, show_default=True)
@click.option("--columns", default=6, show_default=True)
@click.option("--pairs", is_flag=True, help="Minimal pairs, side by side.")
def main(
    out: Path, families: tuple[str, ...], style: str | None, seed: int, count: int, columns: int, pairs: bool
) -> None:
    names = families or tuple(sorted(FAMILIES))
    scenes: list[Scene] = []
    for n in range(count):
        name = names[n % len(names)]
        scenes += pair(seed + n, name, style)[:2] if pairs else [scene(seed + n, name, style)]
    contact_sheet(scenes, columns).save(out)


if __name__ == "__main__":
    main()

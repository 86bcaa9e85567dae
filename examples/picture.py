"""Draws docs/images/demo.png: what a search of the handbook answers, hit by hit, as it really came.

Run it after `make demo`:  .venv/bin/python examples/picture.py
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import commonplace
from commonplace.types import Hit

HERE = Path(__file__).parent
QUERY = "firewall logs showing exfiltration"
WIDTH, MARGIN, ROW = 1180, 36, 150
INK, DIM, ACCENT, PAPER, CARD = "#1d2430", "#68748a", "#b3412e", "#f6f3ec", "#ffffff"


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def wrapped(text: str, width: int, size: int, draw: ImageDraw.ImageDraw, lines: int) -> str:
    """`text` broken to a width in pixels, cut after so many lines."""
    rows, row = [], ""
    for word in text.split():
        longer = f"{row} {word}".strip()
        if draw.textlength(longer, font=font(size)) > width:
            rows.append(row)
            row = word
        else:
            row = longer
    return "\n".join([*rows, row][:lines])


def card(draw: ImageDraw.ImageDraw, sheet: Image.Image, hit: Hit, thumbnail: bytes | None, top: int) -> None:
    draw.rounded_rectangle((MARGIN, top, WIDTH - MARGIN, top + ROW - 14), 10, fill=CARD, outline="#ddd6c8")
    left = MARGIN + 22
    if thumbnail:
        picture = Image.open(BytesIO(thumbnail)).convert("RGB")
        picture.thumbnail((210, ROW - 34))
        sheet.paste(picture, (left, top + (ROW - 14 - picture.height) // 2))
        left += 232
    place = f", page {hit.page}" if hit.page else ""
    draw.text((left, top + 14), f"{hit.rank}.  {hit.source}{place}", font=font(20), fill=INK)
    lanes = "   ".join(f"{lane} #{evidence.rank}" for lane, evidence in sorted(hit.lanes.items()))
    draw.text((left, top + 42), f"{hit.modality}   {hit.score:.2f}      {lanes}", font=font(15), fill=ACCENT)
    room = WIDTH - MARGIN - 24 - left
    draw.multiline_text((left, top + 68), wrapped(hit.snippet, room, 15, draw, 3), font=font(15), fill=DIM, spacing=5)


def main() -> None:
    with commonplace.open(HERE.parent / ".demo") as collection:
        hits = collection.search(QUERY, k=5).hits
        thumbnails = [collection.thumbnail(collection.get(hit.id)) for hit in hits]
    sheet = Image.new("RGB", (WIDTH, 110 + ROW * len(hits) + 10), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.rounded_rectangle((MARGIN, 26, WIDTH - MARGIN, 84), 29, fill=CARD, outline="#c9c0ae", width=2)
    draw.text((MARGIN + 28, 41), QUERY, font=font(24), fill=INK)
    for number, (hit, thumbnail) in enumerate(zip(hits, thumbnails, strict=True)):
        card(draw, sheet, hit, thumbnail, 106 + ROW * number)
    target = HERE.parent / "docs" / "images" / "demo.png"
    target.parent.mkdir(exist_ok=True)
    sheet.quantize(128).save(target, optimize=True)


if __name__ == "__main__":
    main()

"""Text as masks: the fonts of this system by manner, and every drawn line kept for the next picture that says it."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from commonplace.training.scenes.styles import Face

FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts")
LATIN = re.compile(
    r"(Inter|Roboto|RobotoCondensed|Lato|OpenSans|Ubuntu|Cantarell|arial|verdana|segoeui|times|georgia|cour|consola|Hack|"
    r"(DejaVu|Liberation|Noto|Free|Source|Fira|JetBrains)(Sans|Serif|Mono|Code|SansMono|SansCondensed|SansNarrow)*)"
    r"(-(Regular|Medium|Bold|SemiBold|Condensed))?\.(ttf|otf)"
)
Mask = tuple[Image.Image, float]


@cache
def faces(face: Face, bold: bool) -> tuple[str, ...]:
    """Font files of this manner, sorted by name; may be empty, which means Pillow's own font."""
    found: list[str] = []
    for path in sorted(path for folder in FOLDERS for path in Path(folder).rglob("*.?tf")):
        name = path.name
        if not LATIN.fullmatch(name) or bold != ("Bold" in name):
            continue
        mono = re.search("Mono|Code|Hack|cour|consola", name) is not None
        serif = re.search("Serif|times|georgia", name) is not None
        if face == ("mono" if mono else "serif" if serif else "sans"):
            found.append(str(path))
    return tuple(found)


@cache
def font(path: str, size: int) -> ImageFont.FreeTypeFont:
    if not path:
        default = ImageFont.load_default(size)
        assert isinstance(default, ImageFont.FreeTypeFont)
        return default
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(8192)
def mask(path: str, size: int, words: str) -> Mask:
    """(coverage, width): the picture's row `size` is the base line; it reaches half a line below."""
    face = font(path, size)
    width = face.getlength(words)
    image = Image.new("L", (max(1, int(width) + 2), size + size // 2))
    ImageDraw.Draw(image).text((0, size), words, 255, face, "ls")
    return image, width

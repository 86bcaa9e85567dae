"""The picture of a chunk, with the words that a query matched boxed."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from commonplace.errors import UnreadableFile
from commonplace.lexical.analyser import terms

if TYPE_CHECKING:
    from PIL.Image import Image

    from commonplace.collection import Collection
    from commonplace.types import Chunk

BOX_COLOUR = (230, 60, 30)


def crop(collection: Collection, chunk: Chunk, query: str = "") -> bytes:
    """PNG of the chunk's picture: the file itself where it is one, else the kept thumbnail.

    Raises UnreadableFile if there is neither.
    """
    from PIL import ImageDraw

    from commonplace.ingest.pictures import open_picture

    document = collection.document(chunk.source)
    image: Image | None = None
    if document is not None and document.format == "image" and document.path.exists():
        image = open_picture(Path(document.path))
    elif (thumbnail := collection.thumbnail(chunk)) is not None:
        image = open_picture(thumbnail)
    if image is None:
        raise UnreadableFile(f"{chunk.source} is gone and no picture of it was kept. Run `commonplace update`.")
    wanted = frozenset(terms(query))
    draw = ImageDraw.Draw(image)
    for word in chunk.words:
        if word.bbox is not None and wanted & frozenset(terms(word.text)):
            left, top, right, bottom = word.bbox
            box = (left * image.width - 2, top * image.height - 2, right * image.width + 2, bottom * image.height + 2)
            draw.rectangle(box, outline=BOX_COLOUR, width=max(2, image.height // 300))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()

"""Which line is the caption of a figure or a table, in documents that do not say so themselves."""

from __future__ import annotations

import re
from typing import Literal

_CAPTION = re.compile(
    r"(?P<kind>(?i:fig(?:ure|\.)?|abb(?:ildung|\.)?|chart|diagram|scheme|exhibit|tab(?:le|elle|\.)))\s*"
    r"(?:\d+(?:[.-]\d+)*[a-z]?|[A-Z](?:[.-]?\d+)*|[IVXLC]+)(?:\s*[.:|–—]|\s+(?=[A-Z])|\s*$)"
)
_SENTENCE = re.compile(r"\S+\s+\S+\s+(?:shows?|lists?|gives?|presents?|illustrates?|depicts?)\b", re.IGNORECASE)
_LONGEST = 600


def caption_of(text: str) -> Literal["figure", "table", ""]:
    """Of what a paragraph is the caption: "Table 2: Requests" is one, "Table 2 shows the requests" is not."""
    found = _CAPTION.match(text)
    if found is None or len(text) > _LONGEST or _SENTENCE.match(text):
        return ""
    return "table" if found["kind"].lower().startswith("tab") else "figure"

"""A caption names its kind and its number and then stops or goes on to a title; a sentence about a figure does not."""

from __future__ import annotations

import pytest

from commonplace.ingest.readers.captions import caption_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Figure 3: Traffic of the gateway", "figure"),
        ("Fig. 2.1 Traffic of the gateway", "figure"),
        ("Abbildung 4 – Verkehr", "figure"),
        ("Figure A.7", "figure"),
        ("TABLE IV", "table"),
        ("table 2: costs", "table"),
        ("Tabelle 2. Kosten", "table"),
        ("Figure 3 shows the traffic of the gateway.", ""),
        ("Table 2 lists Alpha and Beta.", ""),
        ("Figure 3 and its neighbour", ""),
        ("Figures of speech", ""),
        ("Tablets 3: a comparison", ""),
        ("Figure 3: " + "a long story " * 50, ""),
        ("", ""),
    ],
)
def test_captions_are_told_from_sentences(text: str, kind: str) -> None:
    assert caption_of(text) == kind

"""What is said of pictures: by their pages, by people who looked at them, and by the grammar of scenes."""

from __future__ import annotations

import gzip
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image

from commonplace.training.data import Pair
from commonplace.training.scenes import FAMILIES, Scene, grammar, scene
from commonplace.training.scenes import pair as scene_pair
from commonplace.training.scenes.augment import augment
from commonplace.training.scenes.scene import PHRASES, split_families

LEAD = re.compile(
    r"^(an? )?(image|picture|screen ?shot|screen capture|diagram|figure)( that)? (shows?|showing|of) (the |an? )?",
    re.IGNORECASE,
)
"""How alt texts begin, whatever they show: half of the texts are learned without it, as a query comes without it."""
KINDS = {
    "bar or pie chart": "chart of bars or slices",
    "code": "source code",
    "hardware photo": "photo of hardware",
    "landscape photo": "photo of a landscape",
    "line-chart dashboard": "line chart",
    "login or settings form": "form",
    "map": "map",
    "network or architecture diagram": "diagram of boxes and arrows",
    "security alert": "alert",
    "table": "table of data",
    "terminal": "terminal",
}
"""Kinds of real pictures, and how captions call them: zero-shot classification by these kinds is no surprise to it."""
LEARNED_FAMILIES, HELD_FAMILIES = split_families(6)
"""Families of scenes: the held ones are never trained on, and measure what is learned of pictures of a new family."""
SINGLES, PAIRS = 1_000_000, 1_100_000
"""The first seeds of scenes to train on: those that stand alone, and minimal pairs."""


def said_of(pair: Pair) -> list[str]:
    """What its page says a picture shows: alt text, the same without how alt texts begin, caption; else its place."""
    bare = LEAD.sub("", pair.alt)
    place = " - ".join(part for part in (pair.title, pair.heading) if part)
    said = [pair.alt, bare if bare != pair.alt else "", pair.caption] if pair.described else [place, pair.context[:500]]
    return [text for text in said if text] or [place or pair.context]


@dataclass(frozen=True, slots=True)
class Looked:
    """A picture that we looked at. use: `train`; `held`, of repositories left out to measure looks by; `test`."""

    id: str
    use: str
    kind: str
    looks: tuple[str, ...]
    """Two sentences on its looks."""
    shows: tuple[str, ...] = ()
    """What it is, as a good alt text would say; not known of those that were looked at first."""

    def views(self) -> list[str]:
        """What it is learned by: looks alone, with its kind, its kind alone, and what it is."""
        said = KINDS.get(self.kind)
        return [*self.looks, *([f"{said}, {self.looks[0]}", said] if said else self.looks), *self.shows]


def looked() -> list[Looked]:
    """Pictures of docpairs, their kind, and what people would remember of their looks: our own words.

    The ones for `test` are the real pictures of zero-shot classification; neither these nor `held` are trained on.
    """
    lines = gzip.decompress((Path(__file__).parent / "looks.tsv.gz").read_bytes()).decode().splitlines()
    rows = [line.split("\t") for line in lines]
    return [Looked(id, use, kind, tuple(said[:2]), tuple(said[2:])) for id, use, kind, *said in rows]


def spread(chosen: Sequence[Pair], count: int) -> list[Pair]:
    """So many of them, evenly: the n-th picture of each repository before the n+1-th of any."""
    shuffled = random.Random(0).sample(chosen, len(chosen))
    taken: Counter[str] = Counter()
    places = []
    for place, one in enumerate(shuffled):
        taken[one.repository] += 1
        places.append((taken[one.repository], place))
    return [shuffled[place] for _, place in sorted(places)[:count]]


@lru_cache(1)
def _pair(seed: int, family: str) -> tuple[Scene, Scene, str]:
    return scene_pair(seed, family)


def drawn(key: str) -> tuple[Image.Image, list[str]]:
    """The scene of a key, `SEED` or `SEED/0` and `SEED/1` of a minimal pair, with captions.

    Looks and description are said twice. What the two of a pair are said to be differs in the one thing alone.
    """
    seed, _, member = key.partition("/")
    number = int(seed)
    family = LEARNED_FAMILIES[(number - (PAIRS if member else SINGLES)) % len(LEARNED_FAMILIES)]
    if member:
        *both, changed = _pair(number, family)
        drawn, must = both[int(member)], changed
    else:
        drawn, must = scene(number, family), None
    chance = random.Random(f"{seed}/{member or 0}")
    slots = {**drawn.attributes, "kind": FAMILIES[drawn.family].said, "look": drawn.said.look or drawn.style}
    more = grammar.captions(drawn.said, slots, ["x"], lambda _, count: chance.randrange(count), PHRASES, must)
    said = drawn.captions
    fifth = said["words"] if number % 3 == 0 else said["type"]
    image = augment(drawn.image, number * 7) if number % 4 else drawn.image
    return image, [said["looks"], more["looks"], said["description"], more["description"], fifth, said["query"]]

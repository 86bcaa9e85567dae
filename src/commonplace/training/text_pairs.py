"""Questions and what answers them, for the text tower: written ones, and those that documentation carries itself."""

from __future__ import annotations

import ast
import lzma
import random
import re
import sysconfig
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha1
from itertools import islice
from pathlib import Path

from commonplace.training.data import Passage, pairs, passages

QUESTIONS = Path(__file__).with_name("questions.tsv.xz")
"""`id, question, another`: written for this recipe by reading the passages; the first avoids the passage's words."""
HELD_OUT = frozenset(
    {
        "MicrosoftDocs/azure-security-docs",
        "hyperledger/fabric",
        "influxdata/docs-v2",
        "milvus-io/milvus-docs",
    }
)
"""Repositories that judge the tower: in no mixture, beside the benchmarks' (see `data`)."""
LONGEST = 1_000
"""Characters of a passage with its page's following paragraphs, as chunks of a collection are filled."""
SMALL_WORDS = re.compile(
    r"(an?|and|are|as|at|be|but|by|can|do(es)?|did|for|from|ha(s|ve)|how|i[fnst]?|into|its|m[ey]|o[fnr]|so|that|the|their"
    r"|the(m|n|re|y)|this|to|was|we|what|whe[nr]e?|which|who|why|will|with|your?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class TextPair:
    """A query and the passage that answers it. source: repository and title; its other passages are no negatives."""

    kind: str
    query: str
    passage: str
    source: str
    head: str = ""
    """`Title › Heading`, as a collection puts it before a passage."""
    more: str = ""
    """The passage with what follows it on its page."""
    held: bool = False
    """For validation: never trained on."""


def passage_id(passage: Passage) -> str:
    return sha1(f"{passage.repository}\n{passage.text}".encode()).hexdigest()[:12]


def head(passage: Passage) -> str:
    return " › ".join(dict.fromkeys(filter(None, (passage.title, passage.heading))))


def text_pairs(data: Path, *, headings: int, sentences: int, captions: int, general: int, seed: int) -> list[TextPair]:
    """All of the written questions, and about as many of each other kind as asked, spread evenly over repositories."""
    chance = random.Random(seed)
    pages = [passage for passage in passages(data, "train") if passage.repository not in HELD_OUT]
    made = list(written(pages))
    held = {pair.passage for pair in made if pair.held}
    pages = [passage for passage in pages if passage.text not in held]
    by_repository: dict[str, list[Passage]] = defaultdict(list)
    for passage in pages:
        by_repository[passage.repository].append(passage)
    for count, make in ((headings, heading_pair), (sentences, sentence_pair)):
        share = -(-count // len(by_repository))
        for _, mine in sorted(by_repository.items()):
            tried = (make(passage) for passage in chance.sample(mine, min(len(mine), 8 * share)))
            made += islice((pair for pair in tried if pair), share)
    pictures = [pair for pair in pairs(data, "train") if pair.repository not in HELD_OUT]
    for pair in chance.sample(pictures, len(pictures)):
        said = pair.caption or pair.alt
        if captions and len(said.split()) >= 3 and len(pair.context) >= 60 and said not in pair.context:
            above = " › ".join(dict.fromkeys(filter(None, (pair.title, pair.heading))))
            made.append(
                TextPair("caption", said[:300], pair.context[:LONGEST], f"{pair.repository}\n{pair.title}", above)
            )
            captions -= 1
    return made + general_pairs(general, chance)


def written(pages: Sequence[Passage]) -> Iterator[TextPair]:
    """Two pairs for each passage with written questions; those of a sixteenth of the passages are held."""
    with lzma.open(QUESTIONS, "rt", encoding="utf-8") as lines:
        questions = {id: asked for id, *asked in (line.rstrip("\n").split("\t") for line in lines)}
    for place, passage in enumerate(pages):
        id = passage_id(passage)
        more = passage.text
        for other in pages[place + 1 : place + 8] if id in questions else ():
            if (other.repository, other.title) != (passage.repository, passage.title) or len(more) > LONGEST:
                break
            more += f"\n\n{other.text}"
        for asked in questions.get(id, ()):
            source = f"{passage.repository}\n{passage.title}"
            yield TextPair(
                "question", asked, passage.text, source, head(passage), more[:LONGEST], held=id.startswith("0")
            )


def heading_pair(passage: Passage) -> TextPair | None:
    asked = passage.heading if len(passage.heading.split()) >= 4 else head(passage).replace(" › ", " ")
    if len(passage.text) < 80 or not 2 <= len(asked.split()) <= 16:
        return None
    return TextPair("heading", asked, passage.text, f"{passage.repository}\n{passage.title}")


def sentence_pair(passage: Passage) -> TextPair | None:
    first, _, rest = passage.text.partition(". ")
    if not (30 <= len(first) <= 160 and len(rest) >= 80):
        return None
    return TextPair("sentence", first, rest, f"{passage.repository}\n{passage.title}")


def general_pairs(count: int, chance: random.Random) -> list[TextPair]:
    """First line and first paragraph of docstrings of Python's own library: what the tower must not forget."""
    made = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py")):
        if {"site-packages", "test", "tests", "idlelib"} & set(path.parts):
            continue
        try:
            nodes = list(ast.walk(ast.parse(path.read_bytes())))
        except (SyntaxError, ValueError):
            continue
        for node in nodes:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                first, _, rest = (ast.get_docstring(node) or "").partition("\n\n")
                rest = " ".join(rest.split())[:500]
                if len(first.split()) >= 4 and len(rest) >= 60:
                    made.append(TextPair("general", " ".join(first.split()), rest, path.name))
    return chance.sample(made, min(count, len(made)))


def disturbed(query: str, chance: random.Random) -> str:
    """The query as it is (mostly), as keywords, or with a typo: how people type."""
    dice = chance.random()
    words = query.split()
    if dice < 0.12:
        return " ".join(word for word in words if not SMALL_WORDS.fullmatch(word.strip("?.,'"))) or query
    long = [place for place, word in enumerate(words) if re.fullmatch(r"[A-Za-z]{5,}", word)]
    if dice < 0.22 and long:
        place = chance.choice(long)
        word, at = words[place], chance.randrange(1, len(words[place]) - 1)
        words[place] = chance.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            )
        )
        return " ".join(words)
    return query

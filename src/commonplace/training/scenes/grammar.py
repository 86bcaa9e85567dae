"""A small grammar of alternatives and slots, and the five views that it says of a picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

View = Literal["description", "words", "type", "query", "looks"]
VIEWS: tuple[View, ...] = get_args(View)

Choose = Callable[[str, int], int]
"""A key and a number of options -> which option."""

ALTERNATIVES = re.compile(r"\[([^\[\]|]*\|[^\[\]]*)\]")
SLOT = re.compile(r"\{([a-z][a-z0-9 ]*)\}")
ARTICLE = re.compile(r"\b([Aa])n? (?=(\w))")
MOST_WORDS = 60


def expand(template: str, choose: Choose, slots: Mapping[str, str | Sequence[str]], key: str = "") -> str:
    """Resolve `[a|b]` (may nest; without a bar, brackets are text), then fill `{slots}`, each by a choice of its own.

    The choices of a template do not depend on what fills its slots. A slot that has no entry stays as it is.
    """
    turn = 0
    while match := ALTERNATIVES.search(template):
        options = match[1].split("|")
        template = template[: match.start()] + options[choose(f"{key}/{turn}", len(options))] + template[match.end() :]
        turn += 1

    def fill(match: re.Match[str]) -> str:
        entry = slots.get(match[1])
        if entry is None:
            return match[0]
        inner = f"{key}/{match.start()}{match[1]}"
        filler = entry if isinstance(entry, str) else entry[choose(inner, len(entry))]
        return expand(filler, choose, slots, inner)

    return SLOT.sub(fill, template) if "{" in template else template


def tidy(text: str) -> str:
    """Articles that fit the next word, single spaces, a capital first."""
    text = " ".join(text.split()).replace(" ,", ",")
    text = ARTICLE.sub(lambda match: f"{match[1]}{'n' if match[2].lower() in 'aeio8' else ''} ", text)
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Said:
    """What a family says of the picture that it has drawn. All strings are templates; slots are attributes.

    topic    what the picture is about, as a noun phrase
    looks    clauses that are each true of the picture, the most telling first
    verbatim True where the words are the picture: its text is then its caption, however long
    """

    topic: str
    looks: Sequence[str]
    verbatim: bool = False
    look: str = ""
    """What it looks like as a whole, where the style does not say it."""

    def __contains__(self, attribute: str) -> bool:
        """Whether a clause names this attribute."""
        return any(f"{{{attribute}}}" in clause for clause in self.looks)


DESCRIPTION = (
    "[{kind}|{kind}|a {kind}] [of|about|on] {topic}: {clauses}",
    "{kind}, {topic}[, with|:] {clauses}",
    "[a|this] {kind} [shows|showing] {topic}; {clauses}",
    "{clauses}: a {kind} [of|on|about] {topic}",
)
LOOKS = (
    "[|a picture with |it has |there is |I remember ]{clauses}[|, a {kind}]",
    "[|the |that |the one ]{kind} [with|where there is] {clauses}",
    "{clauses} [on|against] a {ground} [background|ground]",
    "[a|that] {look} {kind}, {clauses}",
    "{ground} background, {clauses}",
)
TYPE = (
    "[a|an example of a|picture of a|image showing a] {kind} [about|on|of] {topic}",
    "{kind}[:|,| -] {topic}",
    "{topic} ({kind})",
    "a {kind}",
)
QUERY = ("{topic} {kind}", "{kind} {topic}", "{look} {kind} {topic}", "{topic} {kind} {ground} background")


def captions(
    said: Said,
    slots: Mapping[str, str],
    words: Sequence[str],
    choose: Choose,
    phrases: Mapping[str, str],
    must: str | None = None,
) -> dict[View, str]:
    """The five views of one picture.

    slots    attribute -> its value, with `kind`, `look` (the style's name) and `ground` among them
    phrases  value -> its paraphrases; a value without an entry is said as it is
    words    the texts that can be read in the picture, in reading order
    must     an attribute that the description and the looks have to name
    """
    filled = {name: phrases.get(value, value) for name, value in slots.items()} | {"topic": said.topic}
    telling = [clause for clause in said.looks if must and f"{{{must}}}" in clause]

    def say(view: View, forms: Sequence[str], clauses: int) -> str:
        if must in ("ground", "look"):
            forms = [form for form in forms if f"{{{must}}}" in form] or [form + f", {{{must}}}" for form in forms]
        form = forms[choose(f"{view} form", len(forms))]
        start = choose(f"{view} start", max(1, len(said.looks) - clauses + 1))
        chosen = list(said.looks[start : start + clauses])
        if telling and not any(clause in chosen for clause in telling):
            chosen[0] = telling[0]
        text = form.replace("{clauses}", "[, |; |, and |, ]".join(chosen) if len(chosen) < 3 else ", ".join(chosen))
        return tidy(expand(text, choose, filled, view))

    seen = list(dict.fromkeys(words))
    read = "\n".join(words) if said.verbatim else " ".join(" ".join(seen).split()[:MOST_WORDS])
    return {
        "description": say("description", DESCRIPTION, 2 + choose("clauses", 3)),
        "words": read or tidy(expand("a {kind} without words", choose, filled)),
        "type": say("type", TYPE, 1),
        "query": say("query", QUERY, 1).lower(),
        "looks": say("looks", LOOKS, 1 + choose("look clauses", 2)),
    }

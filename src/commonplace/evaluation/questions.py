"""Questions with known answers, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commonplace.errors import UsageError


@dataclass(frozen=True, slots=True)
class Question:
    """A query and the sources that answer it; any of them counts, none makes it unanswerable."""

    qid: str
    kind: str
    query: str
    gold: tuple[str, ...]
    image: Path | None = None
    modality: str | None = None

    def answered_by(self, source: str) -> bool:
        """A hit answers if its source is a gold, or ends with `/` + gold: the corpus may lie deeper in a collection."""
        return any(source == gold or source.endswith("/" + gold) for gold in self.gold)


def read_questions(path: Path) -> list[Question]:
    """Raises UsageError naming the line that is not a question. Picture paths are relative to the file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}); expected a JSONL file of questions.") from error
    questions = list(_parse(path, lines))
    if not questions:
        raise UsageError(f"{path} holds no question; expected one JSON object a line.")
    return questions


def _parse(path: Path, lines: list[str]) -> Iterator[Question]:
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            question = _question(path.parent, fields)
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{path}, line {number} is not a question ({type(error).__name__}: {error}); "
                'expected {"qid": "q1", "kind": "concept", "query": "...", "gold": ["docs/page.md"]}'
            ) from error
        if question.qid in seen:
            raise UsageError(f"{path}, line {number}: qid {question.qid!r} was there before; expected each once.")
        seen.add(question.qid)
        yield question


def _question(folder: Path, fields: dict[str, Any]) -> Question:
    gold = fields["gold"]
    if not isinstance(gold, list) or not all(isinstance(source, str) for source in gold):
        raise TypeError("gold is not a list of sources")
    image = folder / fields["image"] if fields.get("image") else None
    return Question(
        str(fields["qid"]), str(fields["kind"]), str(fields["query"]), tuple(gold), image, fields.get("modality")
    )

"""Two generations of a collection on the same questions: whether the next one may take over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commonplace.assembly import Assembly, lane_fingerprint, towers_of
from commonplace.errors import CollectionError
from commonplace.evaluation.questions import Question
from commonplace.evaluation.run import ask, compare, summary
from commonplace.generation import Golden
from commonplace.ingest import wording
from commonplace.searching.searcher import filter_of, query_of
from commonplace.types import SearchResult

MEASURES = ("recall@10", "mrr@10")


@dataclass(frozen=True, slots=True)
class Questions:
    """Those that a new generation must answer no worse than the live one, or else, with accept_loss, may."""

    asked: Sequence[Question]
    accept_loss: bool = False
    progress: Callable[[int, int, str], None] | None = None

    def compared(self, live: Assembly, made: Assembly) -> Golden:
        """Ask both. Raises CollectionError where the new one is worse by more than chance."""
        after, difference = self._report(made), {}
        numbers = after["kinds"]["all"]
        if numbers["questions"] and _can_be_asked(live):
            overall = compare(self._report(live), after)["differences"]["all"]
            difference = {name: tuple(overall[name]) for name in MEASURES}
        means = {name: numbers[name] for name in MEASURES}
        found = Golden(numbers["questions"], means, difference, datetime.now(UTC).date().isoformat())
        if any(high < 0 for _, _, high in difference.values()) and not self.accept_loss:
            raise CollectionError(
                f"the new generation answers worse: {found}. The live one stays. Ask for other settings, or run the "
                "same command with --accept-loss: what is built is kept for it."
            )
        return found

    def _report(self, assembly: Assembly) -> dict[str, Any]:
        def search(text: str, *, image: Path | None, modality: str | None, **how: Any) -> SearchResult:
            where = filter_of(None, modality, assembly.records)
            return assembly.searcher().search(query_of(text, image), where=where, **how)

        return summary(ask(search, self.asked, progress=self.progress))


def _can_be_asked(live: Assembly) -> bool:
    """Whether it has its vectors, of the towers that this release has."""
    return (
        live.store.count() > 0
        and live.manifest.wording == wording.FINGERPRINT
        and all(
            held.fingerprint == lane_fingerprint(towers_of(live.space, lane))
            for lane, held in live.manifest.lanes.items()
        )
    )

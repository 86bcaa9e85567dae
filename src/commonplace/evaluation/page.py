"""The report as one HTML file that needs nothing else: tables, plots as inline SVG, failures side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from commonplace.evaluation.measures import PER_QUESTION

_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child,.l td{text-align:left;vertical-align:top}.right{color:#0a6b2d;font-weight:600}
.plots{display:flex;flex-wrap:wrap;gap:2rem}figure{margin:0}figcaption{color:#555}svg text{font:11px system-ui}
@media(prefers-color-scheme:dark){body{background:#16181b;color:#e8e8e8}td,th{border-color:#444}svg text{fill:#ddd}}
"""
_COLOURS = ("#2b6cb0", "#dd6b20", "#2f855a", "#805ad5", "#b83280", "#718096")
WIDTH, HEIGHT = 420, 220


def page(report: dict[str, Any], title: str) -> str:
    """report  what `run.summary` made"""
    kinds = report["kinds"]
    shown = {name: [values[name] for values in kinds.values()] for name in ("recall@1", "recall@5", "mrr@10")}
    exposures = report["exposure@10"]
    modalities = sorted({name for shares in exposures.values() for name in shares})
    ten = {name: [shares.get(name, 0.0) for shares in exposures.values()] for name in modalities}
    error = f"expected calibration error {report['calibration_error']:.3f}"
    plots = [
        _figure(_bars(list(kinds), shown), "By kind: " + _legend(shown)),
        _figure(_reliability(report["reliability"]), f"Share of right hits over their score; {error}"),
        _figure(_bars(list(exposures), ten), "Share of the first ten hits: " + _legend(modalities)),
    ]
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(title)}</h1>{_numbers({**kinds, **report['modalities']})}<p>{_rates(report)}</p>"
        f"<div class=plots>{''.join(plots)}</div>{_failures(report['questions'])}</html>\n"
    )


def _numbers(groups: dict[str, dict[str, Any]]) -> str:
    rows = (
        [kind, str(values["questions"]), *(f"{values[name]:.3f}" for name in PER_QUESTION)]
        for kind, values in groups.items()
    )
    return _table(["", "questions", *PER_QUESTION], rows)


def _rates(report: dict[str, Any]) -> str:
    low, high = report["intervals"]["mrr@10"]
    parts = [f"MRR@10 95 % interval {low:.3f} to {high:.3f}"]
    if report["false_positive_rate"] is not None:
        parts.append(f"{report['false_positive_rate']:.1%} of the unanswerable questions were answered")
    if report["lost_rate"] is not None:
        parts.append(f"{report['lost_rate']:.1%} of the answerable ones were lost to “nothing found”")
    return "; ".join(parts) + "."


def _failures(questions: Iterable[dict[str, Any]]) -> str:
    rows = []
    for one in questions:
        failed = one["rank"] is None or one["rank"] > 5 or one["no_match"] if one["gold"] else not one["no_match"]
        if failed:
            hits = "<br>".join(
                f"<span class={'right' if right else 'wrong'}>{score:.2f} {escape(source)}</span>"
                for source, _, score, right in one["hits"]
            )
            said = "“nothing found”<br>" if one["no_match"] else ""
            wanted = "<br>".join(map(escape, one["gold"])) or "<i>nothing</i>"
            rows.append([escape(one["kind"]), escape(one["query"]), wanted, said + hits])
    return f"<h2>What went wrong ({len(rows)})</h2>" + _table(
        ["kind", "asked", "expected", "came"], rows, "l", raw=True
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], style: str = "", *, raw: bool = False) -> str:
    cells = "".join(f"<th>{escape(name)}" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell if raw else escape(cell)}" for cell in row) for row in rows)
    return f"<table class='{style}'><tr>{cells}{body}</table>"


def _figure(drawing: str, caption: str) -> str:
    return f"<figure><svg width={WIDTH} height={HEIGHT + 30}>{drawing}</svg><figcaption>{caption}</figcaption></figure>"


def _legend(names: Iterable[str]) -> str:
    return ", ".join(
        f"<span style='color:{_COLOURS[i % len(_COLOURS)]}'>■</span> {escape(name)}" for i, name in enumerate(names)
    )


def _bars(groups: Sequence[str], series: dict[str, list[float]]) -> str:
    """Shares in 0-1, grouped; the scale is marked at 0, a half and 1."""
    drawn = [
        f"<path d='M30 {_y(y)}H{WIDTH}' stroke='#9996'/><text x=2 y={_y(y) + 4:.0f}>{y:g}</text>" for y in (0, 0.5, 1)
    ]
    room = (WIDTH - 40) / max(1, len(groups))
    width = room * 0.8 / max(1, len(series))
    for g, group in enumerate(groups):
        left = 35 + g * room
        drawn.append(f"<text x={left:.0f} y={HEIGHT + 18}>{escape(group)}</text>")
        for s, (name, values) in enumerate(series.items()):
            drawn.append(
                f"<rect x={left + s * width:.1f} y={_y(values[g]):.1f} width={width:.1f} "
                f"height={_y(0) - _y(values[g]):.1f} fill='{_COLOURS[s % len(_COLOURS)]}'>"
                f"<title>{escape(group)}: {escape(name)} {values[g]:.3f}</title></rect>"
            )
    return "".join(drawn)


def _reliability(bins: Iterable[Sequence[float]]) -> str:
    """Share of right hits over the score they were given; on the diagonal scores mean what they say."""
    drawn = [
        f"<path d='M30 {_y(0)}L{_x(1):.0f} {_y(1)}' stroke='#999' stroke-dasharray=4 fill=none />"
        f"<path d='M30 {_y(1)}V{_y(0)}H{_x(1):.0f}' stroke='#999' fill=none />"
    ]
    for said, was, n in bins:
        drawn.append(
            f"<circle cx={_x(said):.1f} cy={_y(was):.1f} r={3 + min(9.0, n**0.5 / 3):.1f} fill='{_COLOURS[0]}aa'>"
            f"<title>score {said:.2f}: {was:.2f} right of {n:.0f}</title></circle>"
        )
    return "".join(drawn)


def _x(share: float) -> float:
    return 30 + share * (WIDTH - 60)


def _y(share: float) -> float:
    return 10 + (1 - share) * (HEIGHT - 20)

"""What `tune` measured, as a page: a table, and memory against recall with the best of each size joined."""

from __future__ import annotations

import math
from html import escape

from commonplace.evaluation.tune import LOSS, Measured, pareto
from commonplace.evaluation.tuning import Tuned

COLOURS = {"float": "#4c566a", "half": "#5e81ac", "int8": "#2a9d8f", "compact": "#e9a23b", "binary": "#c8553d"}
WIDTH, HEIGHT, LEFT, BOTTOM = 760, 380, 70, 50


def table(tuned: Tuned) -> str:
    """As Markdown, the recommended setting of each lane marked."""
    head = "| lane | setting | recall@10 | 95 % | labelled | p50 ms | p95 ms | memory MB | disk MB |"
    rows = [head, "|---" * 9 + "|"]
    for lane, measured in tuned.measured.items():
        for each in measured:
            mark = " <- recommended" if each == tuned.chosen[lane] else ""
            labelled = f"{each.labelled:.3f}" if each.labelled is not None else "-"
            rows.append(
                f"| {lane} | {each.name}{mark} | {each.recall.mean:.4f} | {each.recall.low:.4f}-{each.recall.high:.4f} "
                f"| {labelled} | {each.p50:.2f} | {each.p95:.2f} | {each.memory / 1e6:.2f} | {each.disk / 1e6:.1f} |"
            )
    return "\n".join(rows)


def page(tuned: Tuned) -> str:
    """A whole HTML document without anything from elsewhere."""
    pictures = "".join(f"<h2>{lane}</h2>{svg(found, tuned.chosen[lane])}" for lane, found in tuned.measured.items())
    rows = [line.strip("| ").split(" | ") for line in table(tuned).splitlines() if not line.startswith("|---")]
    cells = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        '<!doctype html><meta charset="utf-8"><title>Commonplace: sizes of vectors</title>'
        "<style>body{font:15px system-ui;margin:2em}td{padding:2px 10px;border-bottom:1px solid #ddd}</style>"
        f"<h1>What each size of vectors costs</h1>{pictures}<table>{cells}</table>\n"
    )


def svg(measured: list[Measured], chosen: Measured | None) -> str:
    """Memory to the right, on a logarithmic scale; lost neighbours downwards, so that better is higher."""
    sizes = [math.log2(each.memory) for each in measured]
    low, high = min(sizes) - 0.5, max(sizes) + 0.5
    most = max(max(1 - each.recall.low for each in measured), 2 * LOSS) ** 0.5

    def place(memory: float, recall: float) -> tuple[float, float]:
        right = LEFT + (math.log2(memory) - low) / (high - low) * (WIDTH - LEFT - 20)
        return round(right, 1), round(20 + ((1 - recall) ** 0.5) / most * (HEIGHT - BOTTOM - 20), 1)

    edge = place(measured[0].memory, 1 - LOSS)[1]
    drawn = [
        f'<line x1="{LEFT}" y1="{edge}" x2="{WIDTH}" y2="{edge}" stroke="#bbb" stroke-dasharray="4"/>',
        f'<text x="{LEFT - 8}" y="{edge + 4}" text-anchor="end">{1 - LOSS:.2f}</text>',
        f'<text x="{LEFT - 8}" y="24" text-anchor="end">1.00</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 8}">memory, from {min(e.memory for e in measured) / 1e6:.2g} MB to '
        f"{max(e.memory for e in measured) / 1e6:.3g} MB (logarithmic); up: recall@10 against exact search</text>",
    ]
    line = " ".join(f"{x},{y}" for x, y in (place(each.memory, each.recall.mean) for each in pareto(measured)))
    drawn.append(f'<polyline points="{line}" fill="none" stroke="#999"/>')
    for each in measured:
        x, y = place(each.memory, each.recall.mean)
        (_, top), (_, end) = place(each.memory, each.recall.high), place(each.memory, each.recall.low)
        colour = COLOURS[each.code.profile]
        drawn.append(f'<line x1="{x}" y1="{top}" x2="{x}" y2="{end}" stroke="{colour}" opacity="0.4"/>')
        drawn.append(f'<circle cx="{x}" cy="{y}" r="5" fill="{colour}"><title>{escape(each.name)}</title></circle>')
        if each == chosen:
            drawn.append(f'<circle cx="{x}" cy="{y}" r="10" fill="none" stroke="{colour}" stroke-width="2"/>')
            drawn.append(f'<text x="{x + 14}" y="{y + 4}">{escape(each.name)}</text>')
    for number, (profile, colour) in enumerate(COLOURS.items()):
        drawn.append(
            f'<text x="{WIDTH - 80}" y="{HEIGHT - BOTTOM - 90 + 18 * number}" fill="{colour}">{profile}</text>'
        )
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" font-size="13">{"".join(drawn)}</svg>'

"""Tables of a PDF page: grids of drawn rules, and columns of text between horizontal rules or under a caption."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from commonplace.ingest.readers.pdf.page import Mark, Rect, Rule, Word, area, holds, overlap, union
from commonplace.ingest.readers.pdf.text import Line, join_lines, lines_of

SNAP = 3.0
"""Points within which two edges are the same edge."""
MAX_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class FoundTable:
    box: Rect
    rows: list[list[str]]
    header_rows: int


def ruled_tables(marks: Sequence[Mark], words: Sequence[Word]) -> list[FoundTable]:
    """The tables of a page that rules or shaded rows show, none inside another."""
    rules = merge_rules(rule for mark in marks for rule in mark.rules if rule.end - rule.start > 8)
    across = [rule for rule in rules if rule.horizontal]
    down = [rule for rule in rules if not rule.horizontal]
    drawn = [mark for mark in marks if mark.weight > 1 or mark.kind != "path"]
    found: list[FoundTable] = []
    candidates = [_ruled(*grid, words) for grid in _grids(across, down)]
    candidates += [_between_rules(stack, words) for stack in _stacks(across)]
    for table in candidates:
        if table and not any(overlap(table.box, other.box) for other in found) and not _is_chart(table, drawn):
            found.append(table)
    return found


def _is_chart(table: FoundTable, drawn: Sequence[Mark]) -> bool:
    """Whether there are curves, slanted lines or pictures among the rules, other than icons in cells."""
    inside = [mark for mark in drawn if holds(table.box, mark.box)]
    large = any(area(mark.box) > 0.1 * area(table.box) for mark in inside)
    return large or sum(min(mark.weight, 4) for mark in inside) > 3 * len(table.rows)


def aligned_tables(lines: Sequence[Line]) -> list[FoundTable]:
    """Tables without any rule: runs of rows on which short pieces of text stand apart in columns."""
    rows = _rows(word for line in lines for word in line.words if word.upright)
    runs: list[list[list[Word]]] = [[]]
    for row in rows:
        apart = len(lines_of(row)) >= 2
        if runs[-1] and not (apart and _is_next(runs[-1][-1], row)):
            runs.append([])
        if apart:
            runs[-1].append(row)
    return [table for run in runs if len(run) >= 3 and (table := _aligned(run))]


def merge_rules(rules: Iterable[Rule]) -> list[Rule]:
    """Rules that continue or double one another as one."""
    merged: list[Rule] = []
    for rule in sorted(rules, key=lambda rule: (rule.horizontal, round(rule.at / SNAP), rule.start)):
        last = merged[-1] if merged else None
        if (
            last
            and last.horizontal == rule.horizontal
            and abs(last.at - rule.at) <= SNAP
            and rule.start <= last.end + SNAP
        ):
            merged[-1] = Rule(rule.horizontal, last.at, last.start, max(last.end, rule.end))
        else:
            merged.append(rule)
    return merged


def _grids(across: list[Rule], down: list[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """Groups of rules that cross or touch each other."""
    groups: list[tuple[list[Rule], list[Rule]]] = []
    for rule in [*across, *down]:
        mine: tuple[list[Rule], list[Rule]] = ([rule], []) if rule.horizontal else ([], [rule])
        touching = [group for group in groups if any(_cross(rule, other) for other in group[rule.horizontal])]
        for group in touching:
            mine[0].extend(group[0])
            mine[1].extend(group[1])
            groups.remove(group)
        groups.append(mine)
    return [(rows, columns) for rows, columns in groups if len(rows) >= 2 and len(columns) >= 2]


def _cross(a: Rule, b: Rule) -> bool:
    return a.start - SNAP <= b.at <= a.end + SNAP and b.start - SNAP <= a.at <= b.end + SNAP


def _positions(rules: Iterable[Rule]) -> list[float]:
    places: list[float] = []
    for at in sorted(rule.at for rule in rules):
        if not places or at - places[-1] > SNAP:
            places.append(at)
    return places


def _ruled(across: list[Rule], down: list[Rule], words: Sequence[Word]) -> FoundTable | None:
    """Cells are what the rules enclose; where the edge between two cells is missing, they are one."""
    xs, ys = _positions(down), _positions(across)
    if not (2 <= len(xs) - 1 <= MAX_COLUMNS and len(ys) >= 2):
        return None
    box = (xs[0], ys[0], xs[-1], ys[-1])
    cells: dict[tuple[int, int], list[Word]] = {}
    for word in words:
        if holds(box, word.box):
            x, y = (word.box[0] + word.box[2]) / 2, _middle(word)
            row = sum(y > edge for edge in ys[1:-1])
            column = sum(x > edge for edge in xs[1:-1])
            while column and not _stands(down, xs[column], y):
                column -= 1
            while row and not _stands(across, ys[row], x):
                row -= 1
            cells.setdefault((row, column), []).append(word)
    grid = [[_cell(cells.get((row, column), [])) for column in range(len(xs) - 1)] for row in range(len(ys) - 1)]
    rows = [part for row in grid for part in _split_row(row)]
    rows = [row for row in rows if any(row)]
    columns_used = [any(row[column] for row in rows) for column in range(len(xs) - 1)]
    rows = [[text for text, used in zip(row, columns_used, strict=True) if used] for row in rows]
    filled = sum(bool(text) for row in rows for text in row)
    if len(rows) < 2 or sum(columns_used) < 2 or filled < 0.4 * len(rows) * sum(columns_used):
        return None
    spans = not all(_stands(down, x, (ys[0] + ys[1]) / 2) for x in xs[1:-1])
    return FoundTable(box, rows, 2 if spans and len(rows) > 2 else 1)


def _stands(rules: list[Rule], at: float, along: float) -> bool:
    return any(abs(rule.at - at) <= SNAP and rule.start <= along <= rule.end for rule in rules)


def _cell(words: list[Word]) -> list[str]:
    """The lines of text in one cell."""
    return [Line(tuple(row)).text for row in _rows(words)]


def _split_row(row: list[list[str]]) -> list[list[str]]:
    """A row without inner rules whose cells all have the same three or more lines is as many rows."""
    heights = {len(cell) for cell in row if cell}
    if len(heights) == 1 and (height := heights.pop()) >= 3 and sum(map(bool, row)) >= 2:
        return [[cell[index] if cell else "" for cell in row] for index in range(height)]
    return [[join_lines(cell) if cell else "" for cell in row]]


def _stacks(across: list[Rule]) -> list[list[Rule]]:
    """Three or more horizontal rules of the same extent, top to bottom, as books set tables."""
    stacks: list[list[Rule]] = []
    for rule in sorted(across, key=lambda rule: rule.at):
        for stack in stacks:
            same = abs(stack[0].start - rule.start) <= 2 * SNAP and abs(stack[0].end - rule.end) <= 2 * SNAP
            if same and rule.end - rule.start > 60:
                stack.append(rule)
                break
        else:
            stacks.append([rule])
    return [stack for stack in stacks if len(_positions(stack)) >= 3]


def _between_rules(stack: list[Rule], words: Sequence[Word]) -> FoundTable | None:
    ys = _positions(stack)
    rows = _rows(word for word in words if stack[0].start - SNAP < word.box[0] and word.box[2] < stack[0].end + SNAP)
    inside = [index for index, row in enumerate(rows) if ys[0] < _middle(row[0]) < ys[-1]]
    if len(inside) < 2:
        return None
    first, last = inside[0], inside[-1]
    edges = _gutters(rows[first : last + 1])
    if not edges:
        return None
    header = sum(_middle(row[0]) < ys[1] for row in rows[first : last + 1])
    # Where every other row is shaded, the first and the last may lie outside the shades.
    while first and _is_next(rows[first - 1], rows[first]) and _fits(rows[first - 1], edges):
        first, header = first - 1, 1
    while last + 1 < len(rows) and _is_next(rows[last], rows[last + 1]) and _fits(rows[last + 1], edges):
        last += 1
    chosen = rows[first : last + 1]
    box = union([word.box for row in chosen for word in row])
    return FoundTable(box, _fill(chosen, edges, header), min(max(header, 1), 3))


def _is_next(row: list[Word], below: list[Word]) -> bool:
    return below[0].box[1] - row[0].box[3] < 1.2 * row[0].size


def _fits(row: list[Word], edges: list[float]) -> bool:
    """Whether the row has text in most columns and none across their edges."""
    crosses = any(word.box[0] < edge < word.box[2] for word in row for edge in edges)
    pieces = lines_of(row)
    return not crosses and len(pieces) >= 2 and len(pieces) > len(edges) / 2


def _middle(word: Word) -> float:
    return (word.box[1] + word.box[3]) / 2


def _rows(words: Iterable[Word]) -> list[list[Word]]:
    """Words by baseline, top to bottom, each row left to right."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=_middle):
        if rows and _middle(word) < rows[-1][0].box[3]:
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda word: word.box[0]) for row in rows]


def _gutters(rows: list[list[Word]]) -> list[float]:
    """The x of each gap that no word of any row covers and that is wider than a space."""
    spans = sorted((word.box[0], word.box[2]) for row in rows for word in row)
    size = median(word.size for row in rows for word in row)
    edges, right = [], spans[0][1]
    for start, end in spans[1:]:
        if start - right > 0.7 * size:
            edges.append((right + start) / 2)
        right = max(right, end)
    return edges


def _fill(rows: list[list[Word]], edges: list[float], header: int) -> list[list[str]]:
    """Cells by column; a line whose first column is empty continues the row above."""
    filled: list[list[list[str]]] = []
    for index, row in enumerate(rows):
        cells: list[list[Word]] = [[] for _ in range(len(edges) + 1)]
        for word in row:
            cells[sum((word.box[0] + word.box[2]) / 2 > edge for edge in edges)].append(word)
        texts = [" ".join(line.text for line in lines_of(cell)) for cell in cells]
        if filled and not texts[0] and index > max(header, 1):
            for cell, text in zip(filled[-1], texts, strict=True):
                cell.extend(filter(None, [text]))
        else:
            filled.append([[text] if text else [] for text in texts])
    return [[join_lines(cell) if cell else "" for cell in row] for row in filled]


def _aligned(rows: list[list[Word]]) -> FoundTable | None:
    """Only where cells are short: two columns of prose stand apart just so."""
    edges = _gutters(rows)
    if not edges:
        return None
    texts = _fill(rows, edges, len(rows))
    filled = [cell for row in texts for cell in row if cell]
    wordy = median(len(cell.split()) for cell in filled)
    if len(filled) < 0.7 * sum(map(len, texts)) or wordy > (4 if len(edges) > 1 else 2) or max(map(len, filled)) > 80:
        return None
    box = union([word.box for row in rows for word in row])
    bold = all(word.bold for word in rows[0]) and not all(word.bold for word in rows[1])
    return FoundTable(box, texts, int(bold))

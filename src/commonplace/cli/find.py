"""search and show: what a collection answers."""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

import commonplace
from commonplace.cli.common import (
    FILE,
    collection_option,
    fusion_option,
    json_option,
    link,
    mode_option,
    plain,
    print_json,
)

if TYPE_CHECKING:
    from commonplace.collection import Collection
    from commonplace.ranking.fusion import FusionName
    from commonplace.searching.lanes import Mode
    from commonplace.types import Chunk, Hit, Locator, SearchResult


@click.command()
@click.argument("words", metavar="[QUERY]...", nargs=-1)
@collection_option
@click.option("--image", type=FILE, help="Search by a picture.")
@click.option("--audio", type=FILE, help="Search by a sound.")
@click.option("-n", "--limit", "k", default=10, show_default=True, type=click.IntRange(1, 1000), help="Hits at most.")
@click.option("--modality", metavar="M,..", help="Only these: text, table, image, page, audio, video.")
@mode_option
@click.option("--filter", "filter", metavar="EXPR", help="E.g. 'source=docs/*.md and date>=2026-01-01'.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), help="Leave out hits below it.")
@fusion_option
@click.option("--rerank", metavar="FOLDER", help="Read the first hits again with this ONNX cross-encoder.")
@click.option("--explain", is_flag=True, help="Show what each lane says of each hit, and why it is there.")
@click.option("--files", "-l", "only_files", is_flag=True, help="Print only the paths of the files, one a line.")
@json_option
def search(
    words: tuple[str, ...],
    path: Path,
    image: Path | None,
    audio: Path | None,
    k: int,
    modality: str | None,
    mode: Mode,
    filter: str | None,
    min_confidence: float | None,
    fusion: FusionName,
    rerank: str | None,
    explain: bool,
    only_files: bool,
    as_json: bool,
) -> None:
    """Search passages, tables and pictures in one list.

    By meaning, by looks, by words, by exact identifier. Several words need no quotes.

    \b
      commonplace search "firewall logs showing exfiltration"
      commonplace search "6f1e7a52-0c1d-4b8e-9c55-3f2f8f6f9d10" --explain
      commonplace search "red line that drops to zero" --modality image -n 5
      commonplace search --image dashboard.png --json
      commonplace search "retention" --filter 'source=docs/*.md and not tag=draft'
      commonplace search '"connection refused" -proxy' --min-confidence 0.2
      commonplace search a terminal that reports an error --modality image --files
    """
    from commonplace.lexical.asking import asked

    modalities = [name.strip() for name in modality.split(",")] if modality else None
    with commonplace.open(path) as collection:
        result = collection.search(
            " ".join(words), image=image, audio=audio, k=k, filter=filter, modality=modalities,
            mode=mode, min_confidence=min_confidence, fusion=fusion, rerank=rerank,
        )  # fmt: skip
        if as_json:
            print_json(_as_json(result, explain))
            return
        if result.no_match or not result.hits:
            narrowing = {"--filter": filter, "--modality": modality, "--min-confidence": min_confidence}
            given = [option for option, value in narrowing.items() if value is not None]
            if (demand := asked(result.query)).phrases or demand.excluded:
                given.append("what is quoted or -excluded")
            click.echo(_nothing(result, given), err=only_files)
        if only_files:
            _print_files(collection, result)
        else:
            _print(collection, result, explain)


def _as_json(result: SearchResult, explain: bool) -> dict[str, object]:
    fields: dict[str, object] = plain(result)
    if not explain:
        del fields["explanation"]
        for hit in fields["hits"]:  # type: ignore[attr-defined]
            for name in ("why", "matched", "identifiers", "eligible"):
                del hit[name]
            hit["lanes"] = {lane: {"rank": x["rank"], "score": x["score"]} for lane, x in hit["lanes"].items()}
    return fields


def _nothing(result: SearchResult, narrowing: list[str]) -> str:
    """narrowing: what left hits out"""
    if narrowing and not result.hits:
        return f"Nothing is left by {' and '.join(narrowing)}."
    return "Nothing in this collection answers that." + (" The nearest:" if result.hits else "")


def _print_files(collection: Collection, result: SearchResult) -> None:
    """What answers, each file once; what is merely nearest is no answer for a script."""
    for source in dict.fromkeys(() if result.no_match else (hit.source for hit in result.hits)):
        if document := collection.document(source):
            click.echo(os.fsencode(document.path))


def _print(collection: Collection, result: SearchResult, explain: bool) -> None:
    hits = result.hits[:3] if result.no_match else result.hits
    for hit in hits:
        _print_hit(collection, result, hit, explain)
    if explain:
        click.echo("\nlanes: " + "; ".join(f"{lane}: {health}" for lane, health in result.lanes.items()))
        if result.explanation:
            answered, looks = result.explanation["answered"], result.explanation["looks"]
            missing = ", ".join(result.explanation["unknown"])
            click.echo(f"answered here: {answered:.0%} likely; asks for looks: {looks:.0%}; nowhere: {missing or '-'}")
            stages = ", ".join(f"{name} {ms:.1f}" for name, ms in result.explanation["ms"].items())
            click.echo(f"{result.ms:.1f} ms ({stages})")


def _print_hit(collection: Collection, result: SearchResult, hit: Hit, explain: bool) -> None:
    from commonplace.ingest.wording import heading_line

    document = collection.document(hit.source)
    name = click.style(link(hit.source, document.path) if document else hit.source, bold=True)
    click.echo(f"{hit.rank:>2}. {name}{_place(hit.source, hit)}  [{hit.modality} {hit.score:.2f}]  {hit.id}")
    headings = heading_line(hit.title, hit.headings)
    if headings != PurePosixPath(hit.source).stem:
        click.echo(f"    {click.style(headings, italic=True)}")
    if hit.snippet:
        click.echo(f"    {_marked(hit.snippet, result.query)}")
    if hit.appears_in:
        click.echo(f"    shown in: {', '.join(hit.appears_in[:3])}")
    if explain:
        click.echo(f"    why: {hit.why}")
        for lane in result.lanes:
            click.echo(f"    {lane:10} {_evidence(hit, lane)}")
    if shows_pictures() and (thumbnail := collection.thumbnail(collection.get(hit.id))):
        click.echo("    " + inline_picture(thumbnail))


def _marked(text: str, query: str) -> str:
    """`text` with the words of the query standing out, where stdout is a terminal."""
    if not (query and sys.stdout.isatty()):
        return text
    from commonplace.lexical.analyser import terms
    from commonplace.ranking.snippets import marked

    return marked(text, terms(query), terms, lambda word: click.style(word, bold=True, underline=True))


def _place(source: str, where: Hit | Locator) -> str:
    """`, page 3`, `, sheet 2`, `, lines 10-20`, or nothing."""
    pages = {".xlsx": "sheet", ".pptx": "slide"}.get(PurePosixPath(source).suffix.lower(), "page")
    page = f", {pages} {where.page}" if where.page else ""
    if where.lines is None:
        return page
    first, last = where.lines
    return page + (f", line {first}" if first == last else f", lines {first}-{last}")


def _evidence(hit: Hit, lane: str) -> str:
    evidence = hit.lanes.get(lane)
    if evidence is None:
        return "did not find it" if lane in hit.eligible else "could not find it"
    said = f"rank {evidence.rank:<4} score {evidence.score:.4f}"
    if evidence.probability is not None:
        said += f"  alone {evidence.probability:.2f}"
    return said + (f"  weight {evidence.weight:.2f}" if evidence.weight is not None else "")


def shows_pictures() -> bool:
    """Whether the terminal draws pictures by the iTerm2 protocol."""
    return sys.stdout.isatty() and os.environ.get("TERM_PROGRAM") in ("iTerm.app", "WezTerm", "vscode")


def inline_picture(data: bytes) -> str:
    return f"\x1b]1337;File=inline=1;height=10:{base64.b64encode(data).decode()}\a"


@click.command()
@click.argument("id")
@collection_option
@click.option("--query", default="", help="Mark the words of this query, in the text or in the picture.")
@click.option("--output", "-o", type=FILE, help="Write the picture here instead of opening it.")
@json_option
def show(id: str, path: Path, query: str, output: Path | None, as_json: bool) -> None:
    """Print the passage of a hit, open or write its picture.

    In the picture, the words of --query are boxed.

    \b
      commonplace show 3f2a9c0d1e4b5a67
      commonplace show 3f2a9c0d1e4b5a67 --query "connection refused" -o crop.png
    """
    from commonplace.types import RECORDINGS

    with commonplace.open(path) as collection:
        chunk = collection.get(id)
        if as_json:
            print_json(chunk)
            return
        _print_chunk(chunk, query)
        if chunk.media is None or chunk.modality in RECORDINGS:
            return
        from commonplace.crops import crop

        picture = crop(collection, chunk, query)
    if output is not None:
        output.write_bytes(picture)
        click.echo(f"picture: {output}")
    elif shows_pictures():
        click.echo(inline_picture(picture))
    elif sys.stdout.isatty():
        kept = _kept(picture, chunk.id)
        click.echo(f"picture: {link(str(kept), kept)}")  # there may be no program to open it
        click.launch(str(kept))


def _print_chunk(chunk: Chunk, query: str) -> None:
    from commonplace.ingest.wording import heading_line, read_text

    headings = heading_line(chunk.title, chunk.locator.headings)
    click.echo(f"{chunk.source}{_place(chunk.source, chunk.locator)}  [{chunk.modality}]\n{headings}\n")
    body = "\n".join(filter(None, (chunk.text, read_text(chunk))))
    click.echo(_marked(body, query))
    for mention in chunk.mentions:
        said = " / ".join(filter(None, (mention.caption, mention.alt)))
        if said:
            click.echo(f"\n{mention.page} says: {said}")


def _kept(picture: bytes, id: str) -> Path:
    import tempfile

    with tempfile.NamedTemporaryFile(prefix=f"commonplace-{id}-", suffix=".png", delete=False) as file:
        file.write(picture)
    return Path(file.name)

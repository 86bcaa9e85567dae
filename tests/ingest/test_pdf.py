"""PDF pages as a reader would retell them: headings, paragraphs, tables, pictures, drawings, each where it stands."""

from __future__ import annotations

import resource
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import Front, Note, Passage, Picture, Table
from commonplace.ingest.pictures import open_picture
from commonplace.ingest.readers import pdf

WIDTH, HEIGHT = 600.0, 800.0
PROSE = "The gateway forwards each request to one of three brokers and keeps a record of it."

Draw = Callable[[Any], None]


def write(path: Path, *pages: Draw, **options: Any) -> Path:
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT), **options)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return path


def elements(path: Path) -> list[Any]:
    return list(pdf.read(path))


def kept(kind: type, found: list[Any]) -> list[Any]:
    return [element for element in found if isinstance(element, kind)]


def of(kind: type, path: Path) -> list[Any]:
    return kept(kind, elements(path))


def approx(width: float, height: float) -> Any:
    return pytest.approx((width, height), abs=4)


def say(canvas: Any, x: float, top: float, text: str, size: float = 10, font: str = "Helvetica") -> None:
    """A line of text whose baseline is `top` points below the top of the page."""
    canvas.setFont(font, size)
    canvas.drawString(x, HEIGHT - top, text)


def prose(canvas: Any, top: float, lines: int = 4) -> None:
    for index in range(lines):
        say(canvas, 72, top + 12 * index, PROSE)


def photo(colour: str = "red", size: tuple[int, int] = (80, 60), format: str = "JPEG") -> bytes:
    image = Image.effect_noise(size, 60).convert("RGB")
    image.paste(colour, (0, 0, size[0] // 2, size[1]))
    file = BytesIO()
    image.save(file, format)
    return file.getvalue()


def show(canvas: Any, data: bytes, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    canvas.drawImage(ImageReader(BytesIO(data)), left, HEIGHT - bottom, right - left, bottom - top)


def boxes_and_arrows(canvas: Any, left: float, top: float) -> None:
    """Three boxes in a row, 340 x 40 points, with arrows between them."""
    canvas.setLineWidth(1)
    for index, name in enumerate(("Client", "Gateway", "Broker")):
        x, y = left + 120 * index, HEIGHT - top - 40
        canvas.rect(x, y, 100, 40)
        say(canvas, x + 30, top + 24, name)
        if index:
            canvas.line(x - 20, y + 20, x, y + 20)
            canvas.line(x - 5, y + 24, x, y + 20)
            canvas.line(x - 5, y + 16, x, y + 20)


# Text


def test_front_tells_title_tags_and_date(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        canvas.setTitle("Résumé of the year")
        canvas.setKeywords("ferries, tides")
        prose(canvas, 100)

    front = elements(write(tmp_path / "a.pdf", draw, invariant=1))[0]
    assert front == Front("Résumé of the year", ("ferries", "tides"), datetime(2000, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("D:20260131235958+01'30'", datetime(2026, 1, 31, 23, 59, 58, tzinfo=timezone(timedelta(hours=1.5)))),
        ("D:2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("D:20261399", None),
        ("yesterday", None),
    ],
)
def test_dates_are_read_as_far_as_they_go(written: str, meant: datetime | None) -> None:
    assert pdf._date(written) == meant


def test_paragraphs_come_with_page_and_box(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        prose(canvas, top=112, lines=2)
        prose(canvas, top=412, lines=1)

    first, second = of(Passage, write(tmp_path / "a.pdf", draw))
    assert (first.text, second.text) == (f"{PROSE} {PROSE}", PROSE)
    assert first.locator.page == second.locator.page == 1
    left, top, right, bottom = first.locator.bbox
    end = 72 + stringWidth(PROSE, "Helvetica", 10)
    assert (left * WIDTH, right * WIDTH) == pytest.approx((72, end), abs=0.5)
    assert (top * HEIGHT, bottom * HEIGHT) == pytest.approx((103, 126), abs=2)


def test_larger_and_bold_lines_make_the_heading_path(tmp_path: Path) -> None:
    def first(canvas: Any) -> None:
        say(canvas, 72, 90, "Operations", 20, "Helvetica-Bold")
        say(canvas, 72, 130, "1 Network", 15, "Helvetica-Bold")
        prose(canvas, 160)
        say(canvas, 72, 230, "Outer interface", 10, "Helvetica-Bold")
        prose(canvas, 250)

    def second(canvas: Any) -> None:
        say(canvas, 72, 90, "2 Storage", 15, "Helvetica-Bold")
        prose(canvas, 120)

    paths = [passage.locator.headings for passage in of(Passage, write(tmp_path / "a.pdf", first, second))]
    assert paths == [
        ("Operations", "1 Network"),
        ("Operations", "1 Network", "Outer interface"),
        ("Operations", "2 Storage"),
    ]


def test_a_heading_with_nothing_below_it_keeps_its_page(tmp_path: Path) -> None:
    def second(canvas: Any) -> None:
        say(canvas, 72, 90, "Annex", 20, "Helvetica-Bold")

    *_, annex = of(Passage, write(tmp_path / "a.pdf", lambda canvas: prose(canvas, 100), second))
    assert (annex.text, annex.locator.page, annex.locator.headings) == ("Annex", 2, ("Annex",))
    assert annex.locator.bbox is not None


def test_words_broken_at_the_end_of_a_line_are_joined(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        for index, line in enumerate(
            ("The operator of the inter-", "face gave it the name fw-", "edge-1 and a CVE-2024-", "3094")
        ):
            say(canvas, 72, 100 + 12 * index, line)

    (passage,) = of(Passage, write(tmp_path / "a.pdf", draw))
    assert passage.text == "The operator of the interface gave it the name fw-edge-1 and a CVE-2024-3094"


def test_ligatures_are_letters_and_control_characters_are_gone() -> None:
    from commonplace.ingest.readers.pdf.page import Word
    from commonplace.ingest.readers.pdf.text import lines_of

    word = Word("e\ufb03cient\u00ad", (0, 0, 40, 10), 10, False, False, True, 0)
    assert lines_of([word])[0].text == "efficient"


def test_an_underscore_that_is_drawn_ties_its_words(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:  # as TeX sets them
        say(canvas, 72, 100, "max", font="Times-Roman")
        end = 72 + canvas.stringWidth("max", "Times-Roman", 10)
        canvas.setLineWidth(0.4)
        canvas.line(end + 0.3, HEIGHT - 100.5, end + 3.3, HEIGHT - 100.5)
        say(canvas, end + 3.6, 100, "retries of the pool", font="Times-Roman")

    assert [passage.text for passage in of(Passage, write(tmp_path / "a.pdf", draw))] == ["max_retries of the pool"]


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        for x, name in ((60, "left"), (320, "right")):
            for index in range(8):
                say(canvas, x, 100 + 12 * index, f"{name} column line {index} goes on and on to its end")

    left, right = of(Passage, write(tmp_path / "a.pdf", draw))
    assert left.text.startswith("left column line 0")
    assert "right" not in left.text
    assert right.text.startswith("right column line 0")
    assert "left" not in right.text


def test_page_numbers_and_running_heads_are_left_out(tmp_path: Path) -> None:
    def page(number: int) -> Draw:
        def draw(canvas: Any) -> None:
            say(canvas, 72, 30, "Operations handbook")
            prose(canvas, 200)
            say(canvas, 300, 780, f"Page {number} of 5")

        return draw

    texts = [passage.text for passage in of(Passage, write(tmp_path / "a.pdf", *map(page, range(1, 6))))]
    assert texts.count("Operations handbook") == 2  # from the third time on it is known to return
    assert texts.count(" ".join([PROSE] * 4)) == 5
    assert len(texts) == 7


def test_a_listing_keeps_its_lines(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        for index, line in enumerate(("def main():", "", "    return 0")):
            say(canvas, 72, 100 + 12 * index, line, font="Courier")

    assert [passage.text for passage in of(Passage, write(tmp_path / "a.pdf", draw))] == ["def main():\nreturn 0"]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_read_as_it_is_shown(turn: int, tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        canvas.setPageRotation(turn)
        canvas.saveState()
        match turn:  # writing that is upright once the page is turned
            case 90:
                canvas.transform(0, 1, -1, 0, HEIGHT, 0)
            case 180:
                canvas.transform(-1, 0, 0, -1, WIDTH, HEIGHT)
            case 270:
                canvas.transform(0, -1, 1, 0, 0, WIDTH)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(60, 400, PROSE)
        canvas.restoreState()

    (passage,) = of(Passage, write(tmp_path / "a.pdf", draw))
    left, top, right, bottom = passage.locator.bbox
    assert passage.text == PROSE
    assert left * WIDTH == pytest.approx(60, abs=0.5)
    assert top * HEIGHT < HEIGHT - 400 < bottom * HEIGHT < top * HEIGHT + 14
    assert right * WIDTH == pytest.approx(60 + stringWidth(PROSE, "Helvetica", 10), abs=0.5)


# Tables


ROWS = (("Node", "Requests", "Errors"), ("alpha", "12,000", "3"), ("beta", "9,500", "17"), ("gamma", "10,250", "0"))


def cells(
    canvas: Any, top: float, rows: tuple[tuple[str, ...], ...] = ROWS, wide: float = 120, left: float = 100
) -> None:
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            say(canvas, left + 5 + wide * column, top + 14 + 20 * row, text)


def rule(canvas: Any, left: float, top: float, right: float, bottom: float) -> None:
    canvas.line(left, HEIGHT - top, right, HEIGHT - bottom)


def grid(canvas: Any, top: float) -> None:
    for row in range(5):
        rule(canvas, 100, top + 20 * row, 460, top + 20 * row)
    for column in range(4):
        rule(canvas, 100 + 120 * column, top, 100 + 120 * column, top + 80)


def book_rules(canvas: Any, top: float) -> None:
    for height in (0, 20, 80):
        rule(canvas, 100, top + height, 460, top + height)


def shades(canvas: Any, top: float) -> None:
    canvas.setFillGray(0.9)
    for row in (0, 2):
        canvas.rect(100, HEIGHT - top - 20 * row - 20, 360, 20, stroke=0, fill=1)
    canvas.setFillGray(0)


def nothing(canvas: Any, top: float) -> None:
    pass


@pytest.mark.parametrize("drawn", [grid, book_rules, shades, nothing])
def test_a_table_is_found_however_it_is_ruled(drawn: Callable[[Any, float], None], tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        say(canvas, 72, 80, "Load", 15, "Helvetica-Bold")
        prose(canvas, 110)
        drawn(canvas, 200)
        cells(canvas, 200)
        say(canvas, 100, 300, "Table 3: Requests by node")
        prose(canvas, 340)

    found = elements(write(tmp_path / "a.pdf", draw))
    (table,) = kept(Table, found)
    assert table.rows == ROWS
    assert table.caption == "Table 3: Requests by node"
    assert (table.locator.page, table.locator.headings) == (1, ("Load",))
    left, top, right, bottom = table.locator.bbox
    assert left * 600 <= 106 < 370 <= right * 600
    assert 195 <= top * 800 <= 210 < 270 <= bottom * 800 <= 282
    assert min(open_picture(table.picture).size) > 100
    assert found.index(table) == 2  # between the paragraphs
    assert not any("alpha" in element.text for element in found if isinstance(element, Passage))


def test_a_cell_over_two_columns_stands_in_the_first(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        for row in range(4):
            rule(canvas, 100, 200 + 20 * row, 460, 200 + 20 * row)
        for column in (0, 1, 3):
            rule(canvas, 100 + 120 * column, 200, 100 + 120 * column, 260)
        rule(canvas, 340, 220, 340, 260)  # not through the first row
        say(canvas, 320, 214, "2026")
        cells(canvas, 220, (("Region", "Q1", "Q2"), ("North", "1", "2")))

    (table,) = of(Table, write(tmp_path / "a.pdf", draw))
    assert table.rows == (("", "2026", ""), ("Region", "Q1", "Q2"), ("North", "1", "2"))
    assert table.header_rows == 2


def test_lines_of_one_cell_are_joined(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        for height in (200, 220, 260):
            rule(canvas, 100, height, 460, height)
        for x in (100, 220, 460):
            rule(canvas, x, 200, x, 260)
        cells(
            canvas,
            200,
            (("Setting", "Meaning"), ("retention", "how long data are kept be-"), ("", "fore they are removed")),
        )

    (table,) = of(Table, write(tmp_path / "a.pdf", draw))
    assert table.rows == (("Setting", "Meaning"), ("retention", "how long data are kept before they are removed"))


def test_two_columns_of_prose_between_rules_are_no_table(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        for index in range(10):
            say(canvas, 60, 112 + 12 * index, "the left column tells a story that is long enough")
            say(canvas, 320, 112 + 12 * index, "and the right column tells another one as long")
        rule(canvas, 60, 95, 540, 95)
        rule(canvas, 60, 240, 540, 240)

    assert of(Table, write(tmp_path / "a.pdf", draw)) == []


# Pictures


def test_an_embedded_jpeg_comes_as_it_is_with_its_caption_and_surroundings(tmp_path: Path) -> None:
    data = photo()

    def draw(canvas: Any) -> None:
        say(canvas, 72, 80, "The quay", 15, "Helvetica-Bold")
        prose(canvas, 110, lines=2)
        show(canvas, data, (150, 200, 310, 320))
        say(canvas, 150, 340, "Figure 2. The new pontoon at low tide")
        prose(canvas, 400, lines=2)

    path = write(tmp_path / "a.pdf", draw, pageCompression=0)
    (picture,) = of(Picture, path)
    assert Image.open(BytesIO(picture.data)).format == "JPEG"
    assert np.array_equal(np.asarray(open_picture(picture.data)), np.asarray(open_picture(data)))
    assert picture.caption == "Figure 2. The new pontoon at low tide"
    assert picture.locator.bbox == (0.25, 0.25, pytest.approx(310 / 600, abs=1e-4), 0.4)
    assert (picture.locator.headings, picture.modality) == (("The quay",), "image")
    assert picture.paragraph.count(PROSE) == 4  # two lines before, two after
    assert not any("pontoon" in passage.text for passage in of(Passage, path))


def test_a_picture_in_another_format_comes_as_png_of_its_own_density(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        prose(canvas, 600)
        show(canvas, photo(format="PNG"), (100, 100, 148, 136))

    path = write(tmp_path / "a.pdf", draw)
    (picture,) = of(Picture, path)
    image = open_picture(picture.data)
    assert Image.open(BytesIO(picture.data)).format == "PNG"
    assert image.size == approx(80, 60)
    assert np.asarray(image)[30, 10].tolist() == [255, 0, 0]


def test_icons_are_dropped_and_a_logo_on_every_page_comes_once(tmp_path: Path) -> None:
    logo, icon = photo(size=(90, 40)), photo(size=(16, 16))

    def draw(canvas: Any) -> None:
        show(canvas, logo, (450, 20, 540, 60))
        show(canvas, icon, (72, 200, 88, 216))
        prose(canvas, 300)

    pictures = of(Picture, write(tmp_path / "a.pdf", draw, draw, draw))
    assert [picture.locator.page for picture in pictures] == [1]


def test_a_drawing_is_found_and_cropped_with_its_labels(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        prose(canvas, 100)
        boxes_and_arrows(canvas, 100, 300)
        say(canvas, 100, 370, "Figure 1: How a request travels")
        prose(canvas, 420)

    path = write(tmp_path / "a.pdf", draw)
    (picture,) = of(Picture, path)
    left, top, right, bottom = picture.locator.bbox
    assert (left * 600, top * 800) == (pytest.approx(100, abs=2), pytest.approx(300, abs=2))
    assert (right * 600, bottom * 800) == (pytest.approx(440, abs=2), pytest.approx(340, abs=2))
    assert picture.alt == "Client Gateway Broker"
    assert picture.caption == "Figure 1: How a request travels"
    assert open_picture(picture.data).size == approx(344 / 72 * 180, 44 / 72 * 180)
    assert not any("Broker" in passage.text for passage in of(Passage, path))


def test_a_chart_comes_with_the_words_at_its_axes(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        prose(canvas, 100)
        rule(canvas, 150, 300, 150, 420)
        for step in range(5):  # a grid, a curve, ticks to its left and below
            rule(canvas, 150, 300 + 30 * step, 400, 300 + 30 * step)
            say(canvas, 136, 303 + 30 * step, str(40 - 10 * step), 8)
            say(canvas, 150 + 60 * step, 432, f"0{step}:00", 8)
        line = canvas.beginPath()
        line.moveTo(150, HEIGHT - 400)
        for step in range(1, 26):
            line.lineTo(150 + 10 * step, HEIGHT - 400 + 30 * (step % 3))
        canvas.drawPath(line)
        prose(canvas, 500)

    path = write(tmp_path / "a.pdf", draw)
    (picture,) = of(Picture, path)
    assert {"40", "0", "00:00", "04:00"} <= set(picture.alt.split())
    assert of(Table, path) == []
    assert len(of(Passage, path)) == 2


def test_rules_underlines_frames_and_shaded_text_are_no_figures(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        canvas.rect(20, 20, WIDTH - 40, HEIGHT - 40)
        rule(canvas, 72, 60, 528, 60)
        prose(canvas, 100)
        for index in range(4):
            rule(canvas, 72, 102 + 12 * index, 72 + canvas.stringWidth(PROSE, "Helvetica", 10), 102 + 12 * index)
        canvas.setFillGray(0.9)
        canvas.rect(70, HEIGHT - 350, 440, 60, stroke=0, fill=1)
        canvas.setFillGray(0)
        prose(canvas, 305)

    found = elements(write(tmp_path / "a.pdf", draw))
    assert [type(element) for element in found] == [Front, Passage, Passage]


def test_a_scanned_page_is_one_picture_of_the_page(tmp_path: Path) -> None:
    scan = Image.effect_noise((850, 1100), 40)
    file = BytesIO()
    scan.save(file, "PNG")
    path = write(tmp_path / "a.pdf", lambda canvas: show(canvas, file.getvalue(), (0, 0, WIDTH, HEIGHT)))
    (picture,) = of(Picture, path)
    assert (picture.modality, picture.locator.page, picture.locator.bbox) == ("page", 1, (0.0, 0.0, 1.0, 1.0))
    assert open_picture(picture.data).size == approx(WIDTH / 72 * 200, HEIGHT / 72 * 200)
    assert of(Passage, path) == []


def test_a_scan_with_its_words_laid_under_it_is_a_page_and_its_words_are_text(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        prose(canvas, 100)
        show(canvas, photo(size=(600, 800)), (0, 0, WIDTH, HEIGHT))

    found = elements(write(tmp_path / "a.pdf", draw))
    assert [picture.modality for picture in kept(Picture, found)] == ["page"]
    assert [passage.text for passage in kept(Passage, found)] == [" ".join([PROSE] * 4)]


def test_a_picture_of_absurd_size_is_noted_and_the_page_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonplace.ingest.readers.pdf import figures

    monkeypatch.setattr(figures, "MAX_PIXELS", 79 * 60)

    def draw(canvas: Any) -> None:
        show(canvas, photo(), (100, 100, 180, 160))
        prose(canvas, 300)

    path = write(tmp_path / "a.pdf", draw)
    assert of(Note, path) == [Note("page 1: picture of 80 x 60 pixels skipped")]
    assert len(of(Passage, path)) == 1


# Bad input


def test_an_encrypted_file_asks_for_an_unlocked_copy(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^encrypted; give an unlocked copy$"):
        elements(write(tmp_path / "a.pdf", lambda canvas: prose(canvas, 100), encrypt=StandardEncryption("secret")))


def test_a_file_that_only_its_owner_may_change_is_read(tmp_path: Path) -> None:
    lock = StandardEncryption("", ownerPassword="secret")
    assert len(of(Passage, write(tmp_path / "a.pdf", lambda canvas: prose(canvas, 100), encrypt=lock))) == 1


def test_a_pdf_without_content_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n%nothing more")
    with pytest.raises(UnreadableFile, match="damaged or truncated PDF"):
        elements(path)


def test_of_a_truncated_file_the_pages_that_are_left_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pdf", *[lambda canvas: prose(canvas, 100)] * 20, pageCompression=0)
    whole = path.read_bytes()
    for share in range(1, 10):
        path.write_bytes(whole[: len(whole) * share // 10])
        try:
            found = elements(path)
        except UnreadableFile as error:
            assert "damaged" in str(error)  # noqa: PT017
        else:
            assert "cut off at its end" in found[-1].text


def test_a_damaged_page_is_noted_and_the_others_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pdf", *[lambda canvas: prose(canvas, 100)] * 5)
    document = pdfium.PdfDocument(path)
    broken = [b"%d 0 obj" % number for number in range(1, 60) if b"/Type /Page\n" in _object(path, number)][2:4]
    document.close()
    data = path.read_bytes()
    for name in broken:
        start = data.index(b"\n" + name) + 1
        data = data[:start] + data[start:].replace(b"/Type /Page\n", b"/Type /Pave\n", 1)
    path.write_bytes(data)
    found = elements(path)
    assert [passage.locator.page for passage in found if isinstance(passage, Passage)] == [1, 2, 5]
    assert found[-1] == Note("damaged pages skipped: 3-4")


def _object(path: Path, number: int) -> bytes:
    _, found, rest = path.read_bytes().partition(b"\n%d 0 obj" % number)
    return rest.partition(b"endobj")[0] if found else b""


def test_many_pages_stream_in_bounded_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pdf", *[lambda canvas: prose(canvas, 100, lines=2)] * 600)
    pages = 0
    for passage in pdf.read(path):
        if isinstance(passage, Passage):
            pages += 1
            assert passage.locator.page == pages
        if pages == 100:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert pages == 600
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 1024  # in KiB

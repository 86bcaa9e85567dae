"""Office files: slides with notes and a picture, a workbook with two sheets, a policy with a table and a picture."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from docx import Document
from docx.shared import Cm
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from PIL import Image
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.util import Inches, Pt

Rows = Sequence[Sequence[str | int | float]]

SLIDES: Sequence[tuple[str, Sequence[str], str]] = (
    (
        "What the spring brought",
        (
            "Passengers up 9 % on last year, cars up 4 %",
            "Two cancelled days, both for wind at Lomvik",
            "App sales passed the kiosks in every harbour",
        ),
        "Say thank you to the Ortholm crew here: they turned the Kittiwake round in eleven minutes on Easter Monday.",
    ),
    (
        "When people buy",
        (),
        "The Saturday hump is the school holiday. Expect the question why nights are never quite zero: those are the "
        "haulage firms, their systems book after midnight.",
    ),
    (
        "Where it hurt",
        (
            "Gate 3 at Ortholm refused 214 valid tickets in one afternoon",
            "The clock of its controller had drifted by nine minutes",
            "All controllers now ask two time servers",
        ),
        "If asked about refunds: we paid 1,386 euros to 41 travellers and nobody took us to court.",
    ),
    (
        "What we ask the board for",
        (
            "A second shore crane at Lomvik before the storms of October",
            "Shore power for the Fulmar, two thirds paid by the county",
            "One more engineer for the night rota",
        ),
        "The crane is the one that must not slip. Offer to postpone shore power if money is short.",
    ),
)

FUEL: Rows = (
    ("Month", "Vessel", "Litres", "Price per litre", "Nautical miles", "Litres per mile"),
    ("2026-01", "Kittiwake", 41870, 0.94, 2210, 18.9),
    ("2026-01", "Fulmar", 38215, 0.94, 2344, 16.3),
    ("2026-01", "Sandpiper", 12904, 0.94, 1122, 11.5),
    ("2026-02", "Kittiwake", 39450, 0.97, 2076, 19.0),
    ("2026-02", "Fulmar", 44731, 0.97, 2601, 17.2),
    ("2026-02", "Sandpiper", 11988, 0.97, 1060, 11.3),
    ("2026-03", "Kittiwake", 43317, 1.02, 2295, 18.9),
    ("2026-03", "Fulmar", 36098, 1.02, 2188, 16.5),
    ("2026-03", "Sandpiper", 14226, 1.02, 1216, 11.7),
)
FARES: Rows = (
    ("Route", "Passenger", "Season", "Single", "Return", "Fare code"),
    ("Havnsund - Ortholm", "adult", "summer", 14.50, 26.00, "HO-A-S"),
    ("Havnsund - Ortholm", "bicycle", "summer", 4.00, 7.00, "HO-B-S"),
    ("Havnsund - Grey Skerry", "adult", "summer", 11.00, 19.50, "HG-A-S"),
    ("Havnsund - Grey Skerry", "dog", "all year", 3.50, 6.00, "HG-D-Y"),
    ("Ortholm - Lomvik", "adult", "summer", 23.00, 41.00, "OL-A-S"),
    ("Ortholm - Lomvik", "camper up to 7 m", "summer", 78.00, 149.00, "OL-C7-S"),
    ("Ortholm - Lomvik", "camper up to 7 m", "winter", 52.00, 99.00, "OL-C7-W"),
    ("Grey Skerry - Lomvik", "adult", "winter", 12.50, 22.00, "GL-A-W"),
)
KEEPING: Rows = (
    ("What was found", "Where it is kept", "For how long"),
    ("Phones, wallets, keys", "purser's safe", "90 days"),
    ("Clothes, umbrellas, toys", "shelf in the harbour office", "30 days"),
    ("Food and flowers", "nowhere, thrown away the same day", "-"),
    ("Medicine", "handed to the pharmacy in Havnsund", "1 day"),
    ("Passports and identity cards", "police post at the harbour", "next morning"),
)


def _settle(path: Path) -> None:
    """Fix the dates inside and in the archive, so that every run writes the same; drop the template's thumbnail."""
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            if name == "docProps/thumbnail.jpeg":
                continue
            body = old.read(name)
            if name == "docProps/core.xml":
                body = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-04-01T08:00:00Z", body)
            if name == "_rels/.rels":
                body = re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", body)
            new.writestr(zipfile.ZipInfo(name), body, zipfile.ZIP_DEFLATED)
    path.write_bytes(packed.getvalue())


def _png(picture: Image.Image) -> io.BytesIO:
    packed = io.BytesIO()
    picture.save(packed, "PNG", optimize=True)
    packed.seek(0)
    return packed


def slides(path: Path, picture: Image.Image) -> None:
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    deck.core_properties.title, deck.core_properties.author = "Spring review", "Odd Brekke"
    teal = RGBColor(0x0B, 0x55, 0x63)
    front = deck.slides.add_slide(deck.slide_layouts[6])
    front.background.fill.solid()
    front.background.fill.fore_color.rgb = teal
    for words, top, size in (("Spring review", 2.6, 54), ("Operations to the board, April 2026", 3.8, 24)):
        line = front.shapes.add_textbox(Inches(1), Inches(top), Inches(11), Inches(1)).text_frame
        line.text = words
        line.paragraphs[0].font.size, line.paragraphs[0].font.color.rgb = Pt(size), RGBColor(255, 255, 255)
    for title, points, notes in SLIDES:
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        heading = slide.shapes.title
        heading.left, heading.top, heading.width, heading.height = Inches(0.8), Inches(0.5), Inches(11.7), Inches(1.1)
        heading.text = title
        heading.text_frame.paragraphs[0].font.color.rgb = teal
        if points:
            body = slide.shapes.add_textbox(Inches(1), Inches(2), Inches(11), Inches(4.5)).text_frame
            for index, point in enumerate(points):
                paragraph = body.paragraphs[0] if index == 0 else body.add_paragraph()
                paragraph.text, paragraph.space_after = f"•  {point}", Pt(16)
                paragraph.font.size = Pt(26)
        else:
            slide.shapes.add_picture(_png(picture), Inches(1), Inches(1.8), width=Inches(11.3))
        slide.notes_slide.notes_text_frame.text = notes
    deck.save(str(path))
    _settle(path)


def workbook(path: Path) -> None:
    book = Workbook()
    for name, rows in (("Fuel 2026", FUEL), ("Fares", FARES)):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for cell in sheet[1]:
            cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="0B5563")
        for column, width in zip("ABCDEF", (24, 20, 12, 15, 15, 15), strict=True):
            sheet.column_dimensions[column].width = width
        sheet.freeze_panes = "A2"
    del book["Sheet"]
    book.properties.title, book.properties.creator = "Fuel and fares", "Tuva Aas"
    book.save(path)
    _settle(path)


def policy(path: Path, picture: Image.Image) -> None:
    page = Document()
    page.core_properties.title, page.core_properties.author = "Lost property", "Signe Moe"
    page.add_heading("Lost property", 0)
    page.add_paragraph(
        "Whoever finds a thing on board or in a terminal ties a label to it before carrying it anywhere. The label "
        "says where it lay; memory does not last a shift."
    )
    page.add_heading("The label", 1)
    page.add_picture(_png(picture), width=Cm(11))
    page.add_paragraph("One number per thing, also for a pair of gloves.", style="Caption")
    page.add_heading("Keeping", 1)
    table = page.add_table(rows=0, cols=3, style="Light Grid Accent 1")
    for row in KEEPING:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = str(words)
    page.add_heading("Giving back", 1)
    page.add_paragraph(
        "Ask the owner to describe the thing before you show it. A phone is unlocked in front of you. Post costs the "
        "owner what it costs us; within the islands the next sailing carries it free of charge."
    )
    page.add_paragraph("Whatever nobody asks for goes to the charity sale of the seamen's church in December.")
    page.save(str(path))
    _settle(path)

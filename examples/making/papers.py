"""The two PDFs: a report with drawn figures and tables, and a page that is nothing but a crooked scan."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas as Pages
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from .canvas import Canvas
from .charts import noise

NAVY, BRICK, TEAL = colors.HexColor("#12344d"), colors.HexColor("#c8442f"), colors.HexColor("#0b7a75")

SUMMARY = """In the night to Saturday 14 March 2026 the reporting host report-1 copied 51.7 GB of passenger manifests to
an address that does not belong to us. One session, opened at 02:04 and closed at 02:45, carried all of it. The caller
used the service token of the retired export job, which an old build log still showed in clear. Nobody was paged: the
alarm for unusual volumes watched the web hosts only. Maren Solheim noticed it on the morning round at 06:50."""

CAUSE = """The export job was switched off in November, its token was not. Build logs are kept for a year and every
contractor account can read them. Host report-1 may open sessions to any outside address, because the map tiles of the
yearly report came from a public server; the rule was never narrowed again."""

LEARNED = """Tokens now expire with the job that they serve. Outbound rules name their destinations, and the alarm
counts bytes per host against the same hour of the four weeks before. The data protection officer informed the authority
within 31 hours and all 48,217 passengers concerned by letter."""

TIMELINE = (
    ("Time", "Who", "What happened"),
    ("02:04", "report-1", "session 8814402 opened to 203.0.113.77, port 443"),
    ("02:45", "report-1", "session closed by the far side"),
    ("06:50", "M. Solheim", "sees the plateau on the page of fw-edge-1, opens INC-2041"),
    ("07:05", "O. Brekke", "takes report-1 off the switch, port 31"),
    ("07:40", "T. Aas", "revokes token tk_export_7Q2M and eleven others of its age"),
    ("09:15", "I. Lund", "disk image taken, checksum noted, handed to the investigators"),
    ("16:30", "M. Solheim", "outbound rules narrowed, incident lowered to severity 3"),
)
COPIED = (
    ("Data set", "Rows", "Size", "Holds"),
    ("manifest_2024", "611,902", "19.3 GB", "names, sailings, vehicles"),
    ("manifest_2025", "704,388", "22.6 GB", "names, sailings, vehicles"),
    ("assistance_requests", "9,140", "0.4 GB", "wheelchair and medical notes"),
    ("crew_rota", "31,077", "9.4 GB", "shifts, with scanned licences"),
)


def _traffic() -> Drawing:
    """Six hours of sent traffic as one drawn curve, with its axes."""
    drawing = Drawing(460, 170)
    for step in range(5):
        y = 24 + 32 * step
        drawing.add(Line(44, y, 450, y, strokeColor=colors.HexColor("#dddddd"), strokeWidth=0.5))
        drawing.add(String(38, y - 3, str(50 * step), fontSize=7.5, textAnchor="end", fillColor=colors.grey))
    for hour in range(7):
        drawing.add(
            String(44 + hour * 406 / 6, 10, f"{hour:02d}:00", fontSize=7.5, textAnchor="middle", fillColor=colors.grey)
        )
    n = 361
    rise = np.clip((np.arange(n) - 124) / 3, 0, 1) * np.clip((166 - np.arange(n)) / 3, 0, 1)
    sent = 11 + np.abs(noise(61, n, 1.6, 0.6)) + 168 * rise + 7 * rise * noise(62, n, 1.0)
    points = [part for i in range(n) for part in (44 + 406 * i / (n - 1), 24 + 128 * float(sent[i]) / 200)]
    session = Rect(44 + 406 * 124 / 360, 24, 406 * 42 / 360, 128)
    session.fillColor, session.strokeColor = colors.HexColor("#f9e3de"), None
    drawing.add(session)
    drawing.add(PolyLine(points, strokeColor=BRICK, strokeWidth=1.1))
    drawing.add(String(44, 160, "Mbit/s sent, wan0", fontSize=8, fillColor=NAVY))
    return drawing


def _concerned() -> Drawing:
    drawing = Drawing(460, 150)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 44, 26, 400, 108
    chart.data = [(17204, 22630, 4118, 3127, 1138)]
    chart.categoryAxis.categoryNames = ["Havnsund", "Ortholm", "Lomvik", "Grey Skerry", "abroad"]
    chart.valueAxis.valueMin, chart.valueAxis.valueMax, chart.valueAxis.valueStep = 0, 24000, 6000
    chart.valueAxis.labelTextFormat = "%d"
    chart.bars[0].fillColor, chart.bars[0].strokeColor = TEAL, None
    chart.barLabelFormat = "%d"
    chart.barLabels.nudge, chart.barLabels.fontSize = 6, 7.5
    for axis in (chart.categoryAxis, chart.valueAxis):
        axis.labels.fontSize, axis.strokeColor = 8, colors.grey
    drawing.add(chart)
    return drawing


def _table(rows: tuple[tuple[str, ...], ...], widths: tuple[float, ...]) -> Table:
    look: list[Any] = [
        ("BACKGROUND", (0, 0), (-1, 0), NAVY),
        ("TEXTCOLOR", (0, 0), (-1, 0), colors.white),
        ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold"),
        ("FONTSIZE", (0, 0), (-1, -1), 8.5),
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#b9c4cc")),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, colors.HexColor("#f2f6f8")]),
    ]
    return Table(rows, [width * mm for width in widths], repeatRows=1, style=TableStyle(look))


def incident_report(path: Path) -> None:
    sheet = getSampleStyleSheet()
    body = ParagraphStyle("body", sheet["BodyText"], fontSize=10, leading=14.5, spaceAfter=6)
    head = ParagraphStyle("head", sheet["Heading2"], textColor=NAVY, spaceBefore=10)
    note = ParagraphStyle("note", body, fontSize=8.5, leading=11, textColor=colors.HexColor("#555555"), spaceAfter=10)

    def footer(pages: Pages, template: SimpleDocTemplate) -> None:
        pages.setFont("Helvetica", 8)
        pages.setFillColor(colors.grey)
        pages.drawString(22 * mm, 12 * mm, "Tern & Tide Ferries, operations. For the board and the auditors.")
        pages.drawRightString(188 * mm, 12 * mm, f"page {template.page}")

    story: list[Flowable] = [
        Paragraph("Incident report INC-2041", sheet["Title"]),
        Paragraph("Manifest copies left the house at night, 14 March 2026. Severity 1. Author: Ingrid Lund", note),
        Paragraph("Summary", head),
        Paragraph(SUMMARY, body),
        KeepTogether(
            [
                _traffic(),
                Paragraph("Figure 1. Six hours of 14 March on the outer interface; shaded: the session.", note),
            ]
        ),
        Paragraph("Timeline", head),
        _table(TIMELINE, (18, 28, 120)),
        Paragraph("Table 1. All times are local.", note),
        Paragraph("Cause", head),
        Paragraph(CAUSE, body),
        Paragraph("What was copied", head),
        _table(COPIED, (44, 26, 24, 72)),
        Paragraph("Table 2. Sizes before compression.", note),
        KeepTogether(
            [_concerned(), Paragraph("Figure 2. Passengers to be informed, by the harbour of their first trip.", note)]
        ),
        Paragraph("What we learned", head),
        Paragraph(LEARNED, body),
        Spacer(1, 6),
        Paragraph("Evidence: disk image 7d0c41ee-52ab-4c0e-9b58-0f6e2d91a3c7, safe 2, shelf B.", body),
    ]
    template = SimpleDocTemplate(
        str(path), pagesize=A4, title="Incident report INC-2041", author="Ingrid Lund", invariant=1
    )
    template.build(story, onFirstPage=footer, onLaterPages=footer)


CERTIFICATE = (
    ("Vessel", "MV Fulmar, call sign TTF3"),
    ("Rafts examined", "four, 50 persons each"),
    ("Serial numbers", "RF-31877, RF-31878, RF-31902, RF-31903"),
    ("Gas cylinders", "weighed, two refilled"),
    ("Release units", "hydrostatic, all replaced"),
    ("Rations and flares", "replaced, expire June 2029"),
    ("Next service due", "30 September 2026"),
)
REMARK = """\
The rafts were inflated for one hour and held their
pressure. One torn painter line was found on RF-31902
and exchanged."""


def scan() -> Image.Image:
    """A typed certificate with a stamp and a signature, laid on the glass a little askew."""
    c = Canvas(1000, 1414, "#fbfaf5", scale=2)
    ink = "#26282c"
    c.rect((70, 80, 930, 1334), None, ink, 0, 3)
    c.text((500, 160), "SKARV LIFERAFT SERVICE", ink, 34, "Bold", "roboto", "mm")
    c.text((500, 205), "Quay 4, Lomvik", ink, 20, family="mono", anchor="mm")
    c.text((500, 290), "Certificate of inspection", ink, 30, "Medium", "roboto", "mm")
    c.text((500, 335), "No. LR-77-2093", ink, 22, family="mono", anchor="mm")
    for row, (name, value) in enumerate(CERTIFICATE):
        y = 440 + 66 * row
        c.text((130, y), name, ink, 20, family="mono")
        c.text((400, y), value, ink, 20, family="mono")
        c.line([(390, y + 18), (880, y + 18)], "#8a8a8a")
    c.text((130, 950), REMARK, ink, 20, family="mono")
    for radius, width in ((92, 4), (66, 2)):
        c.disc((720, 1180), radius, None, "#444a78", width)
    c.text((720, 1168), "SKARV", "#444a78", 25, "Bold", "roboto", "mm")
    c.text((720, 1198), "14 SEP 2025", "#444a78", 17, "Bold", "roboto", "mm")
    pen = [(150 + 3.4 * t, 1190 - 22 * np.sin(t / 4.1) * np.exp(-t / 60) - t * 0.15) for t in range(70)]
    c.line(pen, "#30355e", 3.2)
    c.line([(140, 1230), (440, 1230)], ink)
    c.text((140, 1256), "examiner", ink, 17, family="mono")
    page = c.finish().convert("L").rotate(-1.4, Image.Resampling.BICUBIC, fillcolor=236)
    page = page.filter(ImageFilter.GaussianBlur(0.8))
    rng = np.random.default_rng(67)
    grey = np.asarray(page).astype(float) * np.linspace(0.9, 1.0, 1000)[None, :] + rng.normal(0, 5, (1414, 1000))
    for _ in range(260):  # dust on the glass
        y, x = int(rng.uniform(2, 1410)), int(rng.uniform(2, 996))
        grey[y : y + 2, x : x + 2] -= rng.uniform(30, 120)
    grey[:, :14] *= np.linspace(0.35, 1, 14)[None, :]
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def certificate_scan(path: Path) -> None:
    """One page, one JPEG, no text layer."""
    packed = io.BytesIO()
    scan().save(packed, "JPEG", quality=58, optimize=True)
    pages = Pages(str(path), pagesize=A4, invariant=1)
    pages.drawImage(ImageReader(packed), 0, 0, *A4)
    pages.showPage()
    pages.save()

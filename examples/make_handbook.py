"""Draw the binary files of `examples/handbook`; its text files are written by hand and stay as they are.

    pip install numpy pillow reportlab python-docx python-pptx openpyxl soundfile
    apt install espeak-ng fonts-inter fonts-roboto fonts-jetbrains-mono
    python examples/make_handbook.py [NAME...]

Names are those of the table below; without any, everything is made. The same versions of the tools write the same
bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from making import dashboards, diagrams, office, papers, photos, screens, voices
from making.canvas import save
from PIL import Image

HERE = Path(__file__).resolve().parent
HANDBOOK = HERE / "handbook"

PICTURES: dict[str, Callable[[], Image.Image]] = {
    "dashboards/cpu.png": dashboards.cpu,
    "dashboards/memory.png": dashboards.memory,
    "dashboards/latency.webp": dashboards.latency,
    "dashboards/sales.png": dashboards.sales,
    "dashboards/gate-errors.png": dashboards.gate_errors,
    "dashboards/egress.png": dashboards.egress,
    "dashboards/wall.png": dashboards.wall,
    "dashboards/gate-heat.webp": dashboards.gate_heat,
    "diagrams/network.png": diagrams.network,
    "diagrams/routes.png": diagrams.routes,
    "photos/IMG_0412.jpg": photos.landscape,
    "photos/IMG_0427.jpg": photos.ferry,
    "photos/IMG_0433.jpg": photos.rack,
    "screens/alert.png": screens.alert,
    "screens/mail-settings.png": screens.mail_settings,
    "screens/Screenshot 2026-03-19 140311.png": screens.terminal,
    "screens/sign-in.png": screens.sign_in,
    "../query.png": dashboards.query,
}
FILES: dict[str, Callable[[Path], None]] = {
    "policies/lost-property.docx": lambda path: office.policy(path, diagrams.tag()),
    "reports/INC-2041.pdf": papers.incident_report,
    "reports/scan-0091.pdf": papers.certificate_scan,
    "reports/spring-review.pptx": lambda path: office.slides(path, dashboards.sales()),
    "finance/fuel-and-fares.xlsx": office.workbook,
    "voice/handover-lomvik.flac": voices.handover,
    "voice/monday.wav": voices.reminder,
}


def main(names: list[str]) -> None:
    for name in names or [*PICTURES, *FILES]:
        path = (HANDBOOK / name).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        if name in PICTURES:
            save(PICTURES[name](), path)
        else:
            FILES[name](path)
        print(f"{path.stat().st_size:>9,}  {path.relative_to(HERE)}")


if __name__ == "__main__":
    main(sys.argv[1:])

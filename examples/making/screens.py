"""Screenshots whose words exist nowhere but in their pixels: a terminal, a sign-in page, an alert, a settings form."""

from __future__ import annotations

import re

from PIL import Image

from .canvas import Canvas, Colour

INK, GREY, LINE, TEAL = "#1f2933", "#6b7785", "#d5dbe3", "#0b7a75"

SHADES = {"w": "#e6e6e6", "n": "#9aa3b2", "g": "#8be9a8", "b": "#7cb7ff", "r": "#ff6b6b", "y": "#ffd166"}
TERMINAL = """\
<g>maren@build-2<w>:<b>~/gangway<w>$ gangway deploy --stage harbour
<n>[14:02:11]<w> checking out release/4.18 at 7c1f09ab3
<n>[14:02:13]<w> building image gangway-api ... <g>done in 41.7 s
<n>[14:02:55]<w> pushing 6 layers ............. <g>done
<n>[14:03:08]<w> migrating schema manifest: 0093_berth_windows
<n>[14:03:09]<r> error GW-7031: <w>column berth_id holds 12 orphan rows
<n>[14:03:09]<y> rolling back<w> to 0092_crew_notes ... <g>done
<n>[14:03:10]<r> deploy aborted, exit status 78

<w>  run id   <y>b84e2c57-19d3-4f6a-8a70-5ce1d9f0734e
<w>  details  gangway runs show b84e2c57

<g>maren@build-2<w>:<b>~/gangway<w>$ """


def terminal() -> Image.Image:
    c = Canvas(1020, 470, "#5b7c99")
    c.fade([(0, 0), (1020, 0), (1020, 470), (0, 470)], "#2d3f57", 20, 255)
    c.shadow((28, 24, 992, 446), radius=10)
    c.rect((28, 24, 992, 446), "#1b1e27", radius=10)
    c.rect((28, 24, 992, 60), "#2b2f3b", radius=10)
    c.rect((28, 48, 992, 60), "#2b2f3b")
    for index, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        c.disc((50 + 22 * index, 42), 6.5, colour)
    c.text((510, 42), "maren@build-2: ~/gangway", "#aab2c0", 13, "Medium", anchor="mm")
    x = 50.0
    for row, written in enumerate(TERMINAL.split("\n")):
        x = 50.0
        for shade, words in re.findall(r"<(\w)>([^<]*)", written):
            x += c.text((x, 88 + 26 * row), words, SHADES[shade], 14.5, family="mono")
    c.rect((x, 79 + 26 * row, x + 9, 97 + 26 * row), SHADES["w"])
    return c.finish()


def _tern(c: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    """The company's mark: a tern over two waves."""
    c.polygon([(x - size, y - size * 0.5), (x, y - size * 0.12), (x - size * 0.1, y + size * 0.2)], colour)
    c.polygon([(x + size, y - size * 0.72), (x, y - size * 0.12), (x + size * 0.1, y + size * 0.2)], colour)
    for row in (0.5, 0.85):
        crests = (row + 0.1 * (step % 4 - 1.5 if step % 8 < 4 else 1.5 - step % 4) for step in range(17))
        wave = [(x - size + size * step / 8, y + size * crest) for step, crest in enumerate(crests)]
        c.line(wave, colour, size * 0.1)


def _field(c: Canvas, x: float, y: float, width: float, label: str, value: str, focus: bool = False) -> None:
    c.text((x, y - 12), label, INK, 12.5, "Medium")
    c.rect((x, y, x + width, y + 38), "#ffffff", TEAL if focus else LINE, 5, 2 if focus else 1)
    c.text((x + 12, y + 19), value, INK if value[:1] != " " else GREY, 13.5)
    if focus:
        c.rect((x + 14, y + 10, x + 15.2, y + 28), INK)


def sign_in() -> Image.Image:
    c = Canvas(1100, 660, "#e9f1f2")
    c.fade([(0, 0), (1100, 0), (1100, 660), (0, 660)], "#0f4c5c", 30, 150)
    c.rect((0, 0, 1100, 40), "#f1f3f5")
    for index in range(3):
        c.disc((20 + 18 * index, 20), 5, "#c3cad3")
    c.rect((90, 8, 1010, 32), "#ffffff", LINE, 12)
    c.text((108, 20), "https://crew.ternandtide.example/sign-in", GREY, 12)
    c.shadow((360, 92, 740, 616), radius=12)
    c.rect((360, 92, 740, 616), "#ffffff", radius=12)
    _tern(c, 550, 150, 30, TEAL)
    c.text((550, 208), "Crew portal", INK, 23, "SemiBold", anchor="mm")
    c.text((550, 236), "Use the number on your crew card", GREY, 13.5, anchor="mm")
    c.rect((392, 258, 708, 304), "#fdecec", "#e5484d", 5)
    c.disc((412, 281), 8, "#e5484d")
    c.text((412, 281), "!", "#ffffff", 12, "Bold", anchor="mm")
    c.text((428, 273), "Three attempts left. After that the card is", "#a31d22", 12)
    c.text((428, 290), "blocked until the purser vouches for you.", "#a31d22", 12)
    _field(c, 392, 340, 316, "Crew card number", "TT-004-8127")
    _field(c, 392, 412, 316, "Passphrase", "", focus=True)
    c.rect((392, 464, 408, 480), TEAL, radius=3)
    c.line([(395, 472), (399, 476), (405, 467)], "#ffffff", 2)
    c.text((416, 472), "Trust this tablet for one voyage", INK, 13)
    c.rect((392, 498, 708, 540), TEAL, radius=6)
    c.text((550, 519), "Come aboard", "#ffffff", 15, "SemiBold", anchor="mm")
    c.text((392, 572), "Lost your card?", TEAL, 13, "Medium")
    c.text((708, 572), "Sign in with a one-time code", TEAL, 13, "Medium", anchor="rm")
    c.text((550, 640), "Tern & Tide Ferries", "#ffffff", 12, "Medium", anchor="mm")
    return c.finish()


def alert() -> Image.Image:
    """A desktop with a warning dialog on top; everything that it says is pixels."""
    c = Canvas(1080, 620, "#3b4a63")
    c.fade([(0, 0), (1080, 0), (1080, 620), (0, 620)], "#141b2b", 0, 230)
    c.rect((70, 50, 900, 560), "#e6e9ee", radius=8)
    c.rect((70, 50, 900, 84), "#cfd5de", radius=8)
    for row in range(11):
        c.rect((100, 116 + 38 * row, 330 + 90 * (row % 3), 128 + 38 * row), "#c4cad4", radius=4)
        c.rect((640, 116 + 38 * row, 720 + 40 * (row % 2), 128 + 38 * row), "#d3d8e0", radius=4)
    c.rect((0, 0, 1080, 620), "#0a0f1a88")
    c.shadow((230, 130, 850, 494), blur=18, strength=150, radius=10)
    c.rect((230, 130, 850, 494), "#ffffff", radius=10)
    c.rect((230, 130, 850, 138), "#d92d20", radius=4)
    c.polygon([(282, 176), (310, 226), (254, 226)], "#d92d20")
    c.rect((280, 192, 284, 210), "#ffffff", radius=2)
    c.disc((282, 217), 2.6, "#ffffff")
    c.text((332, 190), "Suspicious program was stopped", INK, 21, "SemiBold")
    c.text((332, 217), "Harbour Shield guards this computer", GREY, 13)
    facts = (
        ("Threat", "Trojan.Barnacle.B"),
        ("File", r"C:\Users\purser\Downloads\invoice_0388.scr"),
        ("Opened by", "mail client, attachment"),
        ("Quarantine", "case QX-55190, kept for 30 days"),
    )
    for row, (name, value) in enumerate(facts):
        y = 262 + 32 * row
        c.text((332, y), name, GREY, 13.5)
        c.text((436, y), value, INK, 13.5, "Medium", "mono" if row == 1 else "sans")
    c.text((332, 404), "Unplug the network cable and call the duty engineer.", INK, 13.5)
    c.rect((700, 432, 826, 470), "#d92d20", radius=6)
    c.text((763, 451), "Isolate now", "#ffffff", 14, "SemiBold", anchor="mm")
    c.rect((578, 432, 688, 470), "#ffffff", LINE, 6)
    c.text((633, 451), "Details", INK, 14, "Medium", anchor="mm")
    c.text((254, 451), "Ignore once", GREY, 13)
    return c.finish()


def mail_settings() -> Image.Image:
    c = Canvas(1080, 640, "#ffffff")
    c.rect((0, 0, 220, 640), "#f3f5f7")
    _tern(c, 34, 34, 13, TEAL)
    c.text((60, 34), "Notices", INK, 16, "SemiBold")
    for row, name in enumerate(("Templates", "Recipients", "Delivery", "Quiet hours", "Archive")):
        y = 84 + 40 * row
        if row == 2:
            c.rect((10, y - 17, 210, y + 17), "#d9eceb", radius=6)
        c.rect((24, y - 6, 36, y + 6), None, TEAL if row == 2 else GREY, 3, 1.5)
        c.text((48, y), name, TEAL if row == 2 else INK, 14, "SemiBold" if row == 2 else "Regular")
    c.text((256, 40), "Delivery", INK, 22, "SemiBold")
    c.text((256, 68), "How cancellation notices leave the house", GREY, 13.5)
    _field(c, 256, 116, 420, "Outgoing relay", "relay-north.ternandtide.example")
    _field(c, 696, 116, 120, "Port", "2587")
    c.text((836, 104), "Encryption", INK, 12.5, "Medium")
    c.rect((836, 116, 1040, 154), "#ffffff", LINE, 5)
    c.text((848, 135), "Required, TLS 1.3", INK, 13.5)
    c.line([(1018, 132), (1023, 138), (1028, 132)], GREY, 1.6)
    _field(c, 256, 190, 380, "Sender", "sailings@ternandtide.example")
    _field(c, 656, 190, 384, "Reply address", "no replies are read")
    switches = (("Send text messages to foot passengers", True), ("Hold notices between 22:00 and 05:30", True),
                ("Copy the harbour master", False), ("Attach a calendar entry", True))  # fmt: skip
    for row, (label, on) in enumerate(switches):
        y = 272 + 44 * row
        c.rect((256, y - 11, 298, y + 11), TEAL if on else "#c3cad3", radius=11)
        c.disc((287 if on else 267, y), 8.5, "#ffffff")
        c.text((312, y), label, INK, 14)
    c.text((256, 462), "Messages per minute", INK, 12.5, "Medium")
    c.rect((256, 484, 756, 490), "#d5dbe3", radius=3)
    c.rect((256, 484, 556, 490), TEAL, radius=3)
    c.disc((556, 487), 10, "#ffffff", TEAL, 2.5)
    c.text((780, 487), "450", INK, 15, "SemiBold")
    c.line([(256, 540), (1040, 540)], LINE)
    c.rect((900, 562, 1040, 602), TEAL, radius=6)
    c.text((970, 582), "Save changes", "#ffffff", 14, "SemiBold", anchor="mm")
    c.rect((770, 562, 888, 602), "#ffffff", LINE, 6)
    c.text((829, 582), "Send a test", INK, 14, "Medium", anchor="mm")
    c.text((256, 582), "Last changed by Odd Brekke, 3 March", GREY, 13)
    return c.finish()

"""The table of families: how each is called, and who draws it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from commonplace.training.scenes import (
    bars,
    diagrams,
    flows,
    forms,
    lines,
    marks,
    photos,
    pictures,
    screens,
    signs,
    texts,
)
from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.grammar import Said


class Family(NamedTuple):
    said: str
    """What people call this kind of picture, with paraphrases."""
    draw: Callable[[Canvas, Choices], Said]


FAMILIES: dict[str, Family] = {
    "line chart": Family("[line chart|line graph|time series plot|graph]", lines.line_chart),
    "several lines": Family("[line chart|line graph|chart with several lines|time series graph]", lines.several_lines),
    "stacked areas": Family("[stacked area chart|area chart|layered area graph]", lines.stacked_areas),
    "dashboard": Family("[dashboard|monitoring dashboard|metrics dashboard|wall of panels]", lines.dashboard),
    "signal traces": Family("[oscilloscope screen|logic analyser capture|signal plot|timing diagram]", lines.traces),
    "bar chart": Family("[bar chart|bar graph|chart of bars]", bars.bar_chart),
    "grouped bars": Family("[bar chart|grouped bar chart|bar graph]", bars.grouped_bars),
    "pie": Family("[pie chart|circle diagram|chart of shares]", marks.pie),
    "gauge": Family("[gauge|meter|level indicator]", marks.gauge),
    "heat map": Family("[heat map|heatmap|matrix of coloured cells]", marks.heat_map),
    "histogram": Family("[histogram|distribution plot]", bars.histogram),
    "scatter": Family("[scatter plot|scatter chart|point cloud]", marks.scatter),
    "network": Family("[network diagram|network topology|topology diagram|diagram of nodes]", diagrams.network),
    "architecture": Family("[architecture diagram|system diagram|block diagram]", diagrams.architecture),
    "sequence": Family("[sequence diagram|message flow|interaction diagram]", flows.sequence),
    "flow chart": Family("[flow chart|flowchart|decision diagram|process diagram]", flows.flow_chart),
    "entities": Family("[ER diagram|entity relationship diagram|schema diagram]", flows.entities),
    "states": Family("[state diagram|state machine|transition diagram]", flows.states),
    "timeline": Family("[Gantt chart|timeline|project plan|schedule]", flows.timeline),
    "mind map": Family("[mind map|tree diagram|hierarchy]", diagrams.mind_map),
    "concept": Family("[infographic|concept figure|illustration of a concept]", diagrams.concept),
    "code": Family("[piece of code|source code listing|code listing|code editor]", texts.code),
    "configuration": Family("[configuration file|config file|settings file]", texts.configuration),
    "diff": Family("[diff|code review|patch]", texts.diff),
    "terminal": Family("[terminal|shell session|command line|console]", texts.terminal),
    "log": Family("[log file|log viewer|log output]", texts.log),
    "table": Family("[table|data table|grid of data]", texts.table),
    "spreadsheet": Family("[spreadsheet|worksheet|sheet of cells]", texts.spreadsheet),
    "words": Family("[text|plain text|piece of writing]", texts.words),
    "login": Family("[login page|sign-in screen|login form]", forms.login),
    "form": Family("[form|input form|web form]", forms.form),
    "settings": Family("[settings page|preferences page|settings screen]", forms.settings),
    "dialog": Family("[dialog|message box|pop-up window]", forms.dialog),
    "progress": Family("[progress screen|progress indicator|loading screen]", screens.progress),
    "alerts": Family("[alert|warning banner|notification]", screens.alerts),
    "chat": Family("[chat|conversation|messenger screen]", screens.chat),
    "tickets": Family("[ticket board|kanban board|task board]", screens.tickets),
    "shapes": Family("[picture of shapes|drawing|geometric figure]", signs.shapes),
    "logo": Family("[logo|emblem|badge]", signs.logo),
    "pictograms": Family("[icon|pictogram|symbol]", signs.pictograms),
    "map": Family("[map|chart of an area|plan of a place]", pictures.chart_map),
    "slide": Family("[slide|presentation slide]", pictures.slide),
    "page": Family("[document page|page of a report|page]", pictures.page),
    "board": Family("[circuit board|piece of hardware|electronic board]", photos.board),
    "rack": Family("[server rack|rack of hardware|cabinet of machines]", photos.rack),
    "front panel": Family("[network switch|piece of hardware|device with cables]", photos.front_panel),
    "landscape": Family("[landscape|landscape photo|view of nature]", photos.landscape),
}

"""Time series from CSV files, found by words: a sensor of your own in the text space.

    python examples/bind_series.py FOLDER        # makes 360 series as CSV files there, binds, and asks for them

Each file has a column `hour` and a column `value`, a week at one reading an hour. The features are plain numpy, and are
the part that you would write for your own sensor; `Space.bind` does the rest.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import commonplace

HOURS = np.arange(7 * 24)
KINDS = {
    "spike-night": [
        "a sudden spike at night", "a short peak after midnight", "a burst at 3 am", "a night-time jump for an hour",
        "one night it shoots up", "an outlier in the middle of the night",
    ],
    "spike-day": [
        "a sudden spike at noon", "a short peak in the middle of the day", "a burst at lunch time", "a midday jump",
        "it shoots up around twelve o'clock", "an outlier at noon",
    ],
    "leak": [
        "slow leak", "the level falls steadily, a little every hour", "a gradual loss", "it drains away slowly",
        "a constant downward trend", "slow decline",
    ],
    "growth": [
        "steady growth", "the value climbs slowly all week", "a gradual increase", "it fills up slowly",
        "a constant upward trend", "slow rise",
    ],
    "step-down": [
        "a sudden drop that stays", "it falls to a lower level and never recovers", "a step down",
        "a permanent decrease",         "abruptly lower from one hour on", "it drops once and remains low",
    ],
    "step-up": [
        "a sudden jump that stays", "it rises to a higher level and remains there", "a step up", "a permanent increase",
        "abruptly higher from one hour on", "it jumps once and remains high",
    ],
    "daily": [
        "a regular daily rhythm", "high by day and low by night, every day alike", "a daily cycle", "a 24-hour period",
        "up every morning and down every evening", "the same curve each day",
    ],
    "weekend": [
        "quiet at the weekend", "much lower on Saturday and Sunday", "busy weekdays and calm weekends",
        "it rests on Saturdays and Sundays", "only working days are busy", "less on the weekend",
    ],
    "noise": [
        "restless noise without a pattern", "random jitter all the time", "an erratic signal", "noisy and irregular",
        "unpredictable fluctuation", "random noise",
    ],
    "flat": [
        "a flat line", "nothing happens, the value is constant", "no change", "always the same value", "it stays level",
        "constant, without any change",
    ],
    "outage": [
        "an outage: zero for some hours", "the signal is gone for a while and comes back", "a gap at zero",
        "no data for half a day", "the sensor was dead for hours", "it is offline for some hours",
    ],
    "oscillation": [
        "fast oscillation", "it swings up and down every few hours", "rapid ups and downs", "a quick regular wave",
        "it goes back and forth all day", "fast swinging",
    ],
}  # fmt: skip
"""Kind -> how people speak of it. The last wording of each is not bound: it asks whether words generalise too."""


def series(kind: str, random: np.random.Generator) -> NDArray[np.float64]:
    """A week of hourly readings (168,) of this kind, on a level and a scale of its own."""
    value = 0.15 * random.standard_normal(len(HOURS))
    hour, day = HOURS % 24, int(random.integers(1, 6))
    at = int(random.integers(30, 138))
    match kind:
        case "spike-night" | "spike-day":
            peak = day * 24 + (random.integers(0, 5) if kind == "spike-night" else random.integers(11, 15))
            value[peak : peak + random.integers(1, 3)] += random.uniform(4, 9)
        case "leak" | "growth":
            value += (1 if kind == "growth" else -1) * random.uniform(2, 5) * HOURS / len(HOURS)
        case "step-down" | "step-up":
            value[at:] += (1 if kind == "step-up" else -1) * random.uniform(2, 5)
        case "daily":
            value += random.uniform(1, 3) * np.sin((hour - random.uniform(8, 10)) / 24 * 2 * np.pi)
        case "weekend":
            value[5 * 24 :] -= random.uniform(2, 4)
            value += 0.7 * np.sin((hour - 9) / 24 * 2 * np.pi)
        case "noise":
            value += random.uniform(1, 2) * random.standard_normal(len(HOURS))
        case "flat":
            value *= 0.1
        case "outage":
            value += random.uniform(4, 7)
            value[at : at + random.integers(4, 20)] = 0
        case "oscillation":
            value += random.uniform(1, 3) * np.sin(HOURS / random.uniform(3, 6) * 2 * np.pi)
    return random.uniform(0.5, 20) * value + random.uniform(0, 100)


def features(files: list[Path]) -> NDArray[np.float64]:
    """(n, f): the shape of each series, whatever its unit: trend, steps, peaks and their hour, rhythm, roughness."""
    return np.stack([_features(_read(file)) for file in files])


def _read(file: Path) -> NDArray[np.float64]:
    with file.open(newline="") as rows:
        return np.array([float(row["value"]) for row in csv.DictReader(rows)])


def _features(value: NDArray[np.float64]) -> NDArray[np.float64]:
    middle, size = np.median(value), value.std() + 1e-9
    x = (value - middle) / size
    days, change = x.reshape(7, 24), np.diff(x)
    peak, dip = int(np.argmax(x)), int(np.argmin(x))
    angle = np.angle(np.exp(2j * np.pi * (peak % 24) / 24))
    spectrum = np.abs(np.fft.rfft(x - x.mean())) ** 2
    spectrum /= spectrum.sum() + 1e-9
    thirds = [part.mean() for part in np.array_split(x, 3)]
    steps = np.array([x[i:].mean() - x[:i].mean() for i in range(12, 156)])
    step = int(np.argmax(np.abs(steps)))
    around = np.array_split(x, [step + 12])
    return np.array(
        [
            x[peak], x[dip], np.sin(angle) * (x[peak] > 4), np.cos(angle) * (x[peak] > 4),
            np.polyfit(np.linspace(0, 1, len(x)), x, 1)[0], *thirds,
            steps[step], sum(part.std() for part in around), np.abs(change).max(), change.max(), change.min(),
            np.abs(change).mean(), np.log(size / (abs(middle) + 1e-9)), days[5:].mean() - days[:5].mean(),
            days.mean(axis=0).std(), spectrum[1:4].sum(), spectrum[7], spectrum[14:28].sum(), spectrum[28:].sum(),
            spectrum.max(), (x < x.min() + 0.05 * np.ptp(x)).mean(), (x > x.max() - 0.05 * np.ptp(x)).mean(),
        ]
    )  # fmt: skip


def main(folder: Path) -> dict[str, float]:
    """Recall@5 of text -> series over series that were not bound, for wordings that were bound and those that were not.

    Each kind has ten such series; recall@5 is the share of the first five that are of the kind that was asked for.
    """
    random = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[Path, str] = {}
    for kind in KINDS:
        for number in range(30):
            file = folder / f"{kind}-{number:02d}.csv"
            rows = enumerate(series(kind, random))
            file.write_text("hour,value\n" + "".join(f"{hour},{value:.3f}\n" for hour, value in rows))
            files[file] = kind
    bound = [file for file in files if int(file.stem[-2:]) < 20]
    held_out = [file for file in files if file not in bound]
    space = commonplace.load_space("bundled").bind(
        "series", features, [(file, text) for file in bound for text in KINDS[files[file]][:-1]]
    )
    vectors = space.encode("series", held_out)
    recall: dict[str, list[float]] = {"bound": [], "new": []}
    for kind, wordings in KINDS.items():
        for question in wordings:
            best = np.argsort(-vectors @ space.encode_query([question])[0])[:5]
            share = float(np.mean([files[held_out[i]] == kind for i in best]))
            recall["new" if question == wordings[-1] else "bound"].append(share)
        print(f"{question}: {', '.join(held_out[i].stem for i in best)}")
    figures = {wording: float(np.mean(shares)) for wording, shares in recall.items()}
    print(f"recall@5 over {len(held_out)} series that were not bound: " + ", ".join(
        f"{figure:.2f} for {len(recall[wording])} wordings that were {'bound' if wording == 'bound' else 'not'}"
        for wording, figure in figures.items()
    ))  # fmt: skip
    return figures


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]))["bound"] < 0.8)

"""How fast scenes are drawn, family by family: pictures a CPU second on one core, captions included.

    python benchmarks/scenes.py [--scenes 40]

The steps that training adds to three of four scenes, and reading them by the tower, are not counted. Needs [train].
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import numpy as np
from common import save, table

from commonplace.training.scenes import FAMILIES, scene

FAST = 150
"""Pictures a second a core that a fast family is drawn with."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--scenes", type=int, default=40, help="Of each family.")
    options = arguments.parse_args()
    drawn: dict[str, tuple[float, str]] = {}
    for family in FAMILIES:
        scene(0, family)  # fonts are opened
        began, sizes = time.process_time(), Counter[tuple[int, int]]()
        for seed in range(options.scenes):
            sizes[scene(seed, family).image.size] += 1
        rate = options.scenes / (time.process_time() - began)
        drawn[family] = rate, "{}x{}".format(*sizes.most_common(1)[0][0])
    rows = [
        {"family": family, "pictures a CPU second": rate, "size": size}
        for family, (rate, size) in sorted(drawn.items(), key=lambda item: -item[1][0])
    ]
    rates = np.array([rate for rate, _ in drawn.values()])
    print(table(rows))
    fast, mean = int((rates >= FAST).sum()), len(rates) / (1 / rates).sum()
    print(f"{fast} of {len(rows)} families at {FAST} or more; median {np.median(rates):.0f}, all in turn {mean:.0f}")
    save("scenes", scenes=options.scenes, fast=fast, median=float(np.median(rates)), in_turn=mean, rows=rows)


if __name__ == "__main__":
    main()

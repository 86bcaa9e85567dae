"""What a head on the bundled picture tower gains in a domain of its own: two repositories of pictures, folds by page.

    python benchmarks/adapter.py DATA              # DATA/docpairs, `split: dev`; vectors are cached beside the results
    python benchmarks/adapter.py DATA --hidden 256 --loss sigmoid

Each of five folds: a head is fitted on the pairs of the other four, and every caption (or alt text) of the fold asks
for its own picture among the fold's. The same is done with shuffled captions, where the product refuses the head.
This is the one place where the dev split is fitted on; nothing of it ships.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from common import save, table

from commonplace.errors import ModelError
from commonplace.spaces.registry import load_space
from commonplace.training.adapter import Config, Pairs, cross_validated, interval
from commonplace.training.data import Pictures, pairs

REPOSITORIES = ("MicrosoftDocs/azure-security-docs", "influxdata/docs-v2")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "commonplace-adapter")
    parser.add_argument("--hidden", type=int, default=0)
    parser.add_argument("--loss", choices=("softmax", "sigmoid"), default="softmax")
    options = parser.parse_args()
    config = Config(loss=options.loss, hidden=options.hidden)
    space = load_space("bundled")
    rows, differences, groups = [], [], []
    for repository in REPOSITORIES:
        found = encoded(options.data, repository, options.cache)
        before, after, seconds = folded(found, config, space.temperature)
        rows.append(row(repository, before, after, found.groups) | {"fit, CPU s a fold": seconds})
        differences.append(after - before)
        groups.append(found.groups)
    pooled = interval(np.concatenate(differences), np.concatenate(groups))
    shuffled = encoded(options.data, REPOSITORIES[0], options.cache)
    order = np.random.default_rng(0).permutation(len(shuffled))
    refused = folded(replace(shuffled, texts=shuffled.texts[order]), config, space.temperature)
    rows.append(row("captions shuffled", refused[0], refused[1], shuffled.groups) | {"fit, CPU s a fold": refused[2]})
    print(table(rows))
    print(f"pooled gain in MRR {pooled[0]:+.3f}, 95 % from {pooled[1]:+.3f} to {pooled[2]:+.3f}")
    tower = space.encoders["image"].fingerprint
    print(f"picture tower {tower}")
    save("adapter", tower=tower, loss=options.loss, hidden=options.hidden, pooled=pooled, rows=rows)
    if pooled[1] <= 0:
        raise ModelError("the pooled interval is not above zero")


def encoded(data: Path, repository: str, cache: Path) -> Pairs:
    """Vectors of the described pictures of a repository and of their captions, cached by the towers' fingerprints."""
    space = load_space("bundled")
    chosen = [pair for pair in pairs(data, "dev") if pair.repository == repository and pair.described]
    key = f"{repository.replace('/', '-')}-{space.encoders['image'].fingerprint[:12]}-{space.anchor[:12]}.npz"
    if not (cache / key).exists():
        cache.mkdir(parents=True, exist_ok=True)
        with Pictures(data) as pictures:
            media = space.encode_image(pictures[pair] for pair in chosen)
        texts = space.encode_query([pair.caption or pair.alt for pair in chosen])
        np.savez(cache / key, media=media, texts=texts)
    with np.load(cache / key) as stored:
        # Title and heading stand for the page: no record of the data names it in what recipes read.
        pages, files = ([pair.title or pair.heading for pair in chosen], [f"{p.shard}/{p.file}" for p in chosen])
        return Pairs(stored["media"], stored["texts"], np.array(files), np.array(pages))


def folded(found: Pairs, config: Config, temperature: float) -> tuple[np.ndarray, np.ndarray, float]:
    """What the product measures before it keeps a head; CPU seconds of a fit."""
    began = time.process_time()
    before, after = cross_validated(found, config, temperature)
    return before, after, (time.process_time() - began) / 5


def row(name: str, before: np.ndarray, after: np.ndarray, groups: np.ndarray) -> dict[str, object]:
    mean, low, high = interval(after - before, groups)
    return {
        "pairs": name, "n": len(before), "MRR before": float(before.mean()), "MRR after": float(after.mean()),
        "recall@5 before": float((before >= 0.2).mean()), "recall@5 after": float((after >= 0.2).mean()),
        "gain in MRR": f"{mean:+.3f} ({low:+.3f} to {high:+.3f})", "verdict": "kept" if low > 0 else "refused",
    }  # fmt: skip


if __name__ == "__main__":
    main()
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")

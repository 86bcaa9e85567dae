"""Pictures a second from JPEG files to vectors: our loader, the plain loop of open_clip, and sentence-transformers.

    python benchmarks/throughput.py                      # ViT-B/32 with random weights, 24 pictures of each size
    python benchmarks/throughput.py --pictures 200 --threads 2 --device cuda
    python benchmarks/throughput.py --cold               # start and memory of a search by words instead

Needs open_clip, transformers, sentence-transformers and [train]: `make .venv-models/.installed`. Weights are random,
the architecture and the work are those of ViT-B/32 at 224 pixels; all ways get the same files and the same threads, one
after the other in one process. The plain loop is the one of open_clip's documentation: open, preprocess, encode, one
picture at a time; a second one fills batches. CPU seconds say what a busy machine does not disturb.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import save, table
from PIL import Image

SIZES = {"12 megapixels": (4000, 3000), "512 pixels": (512, 384)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--folder", type=Path, help="keep checkpoint, export and pictures here for the next run")
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    if options.cold:
        cold(options)
        return
    import torch

    from commonplace.encoders import onnx

    torch.set_num_threads(options.threads)
    onnx.MAX_THREADS = options.threads
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        ways = ours(folder, options) | theirs(folder, options)
        rows: list[dict[str, Any]] = []
        for size, shape in SIZES.items():
            files = jpegs(folder / size.replace(" ", "-"), shape, options.pictures)
            for name, way in ways.items():
                way(files[:2])  # loads, and warms up
                wall, cpu = time.perf_counter(), time.process_time()
                vectors = way(files)
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                assert len(vectors) == len(files)
                rows.append(
                    {
                        "from": size,
                        "way": name,
                        "pictures/s": len(files) / wall,
                        "CPU ms a picture": 1000 * cpu / len(files),
                    }
                )
        for row in rows:
            plain = next(r for r in rows if r["from"] == row["from"] and r["way"] == PLAIN)
            row["times the plain loop"] = row["pictures/s"] / plain["pictures/s"]
            row["by CPU"] = plain["CPU ms a picture"] / row["CPU ms a picture"]
    print(table(rows))
    save("throughput", pictures=options.pictures, threads=options.threads, device=options.device, rows=rows)


def cold(options: argparse.Namespace) -> None:
    """From a new process to the vector of one question: our text tower alone, and open_clip's whole model."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = checkpoint(options.folder or Path(scratch))
        ways = {
            "commonplace, text tower": f"""
from commonplace.spaces.registry import load_space
load_space("open_clip:{folder}?device=cpu").encode_query(["a cat"])""",
            "open_clip, whole model": f"""
import open_clip, torch
model, _ = open_clip.create_model_from_pretrained("local-dir:{folder}")
with torch.no_grad(): model.eval().encode_text(open_clip.get_tokenizer("local-dir:{folder}")(["a cat"]))""",
        }
        tail = """
import resource
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_maxrss / 1024, used.ru_utime + used.ru_stime)"""
        rows = []
        for name, code in ways.items():
            run = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True)
            memory, cpu = map(float, run.stdout.split())
            rows.append({"way": name, "peak MiB": memory, "CPU s": cpu})
    print(table(rows))
    save("throughput-cold", rows=rows)


PLAIN = "open_clip, plain loop"


def jpegs(folder: Path, shape: tuple[int, int], count: int) -> list[Path]:
    """Smooth random colour fields with some noise: they compress about as photos do."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    files = [folder / f"{number:04d}.jpg" for number in range(count)]
    for file in files:
        if not file.exists():
            fields = random.integers(0, 256, (24, 32, 3), np.uint8)
            picture = np.asarray(Image.fromarray(fields).resize(shape, Image.Resampling.BICUBIC), np.int16)
            noise = random.integers(-12, 13, (shape[1], shape[0], 1), np.int16)
            Image.fromarray((picture + noise).clip(0, 255).astype(np.uint8)).save(file, quality=90)
    return files


def checkpoint(folder: Path) -> Path:
    """ViT-B/32 of open_clip with random weights, in the hub's layout."""
    import open_clip
    from safetensors.torch import save_file

    target = folder / "ViT-B-32"
    if not (target / "open_clip_model.safetensors").exists():
        target.mkdir(parents=True, exist_ok=True)
        config = {"model_cfg": open_clip.get_model_config("ViT-B-32"), "preprocess_cfg": {}}
        (target / "open_clip_config.json").write_text(json.dumps(config))
        model = open_clip.create_model("ViT-B-32")
        save_file({k: v.contiguous() for k, v in model.state_dict().items()}, target / "open_clip_model.safetensors")
    return target


def ours(folder: Path, options: argparse.Namespace) -> dict[str, Callable[[list[Path]], Any]]:
    from commonplace.spaces.registry import load_space
    from commonplace.training.optimize import optimize

    original = f"open_clip:{checkpoint(folder)}"
    exported = folder / "onnx"
    if options.device == "cpu" and not (exported / "space.json").exists():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            optimize(original, exported)
    torch_space = load_space(f"{original}?device={options.device}")
    ways: dict[str, Callable[[list[Path]], Any]] = {"commonplace": torch_space.encode_image}
    if options.device == "cpu":
        ways["commonplace, ONNX int8"] = load_space(f"onnx:{exported}").encode_image
    return ways


def theirs(folder: Path, options: argparse.Namespace) -> dict[str, Callable[[list[Path]], Any]]:
    import open_clip
    import torch

    model, transform = open_clip.create_model_from_pretrained(f"local-dir:{checkpoint(folder)}")
    model = model.eval().to(options.device)

    def loop(files: list[Path], batch: int) -> Any:
        found = []
        with torch.no_grad():
            for start in range(0, len(files), batch):
                shown = torch.stack([transform(Image.open(file)) for file in files[start : start + batch]])
                rows = model.encode_image(shown.to(options.device))
                found.append((rows / rows.norm(dim=-1, keepdim=True)).cpu())
        return torch.cat(found)

    sentences = sentence_transformer(options.device)
    return {
        PLAIN: lambda files: loop(files, 1),
        "open_clip, batches of 16": lambda files: loop(files, 16),
        "sentence-transformers": lambda files: sentences.encode([str(file) for file in files], batch_size=16),
    }


def sentence_transformer(device: str) -> Any:
    """CLIP ViT-B/32 of transformers, random too, as sentence-transformers wraps it."""
    import sentence_transformers
    import transformers

    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers.CLIPModel(transformers.CLIPConfig()).save_pretrained(scratch)
        tokens = {"<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2}
        tokenizer = transformers.CLIPTokenizer(vocab=tokens, merges=[])
        transformers.CLIPProcessor(transformers.CLIPImageProcessor(), tokenizer).save_pretrained(scratch)
        part = sentence_transformers.sentence_transformer.modules.Transformer(scratch)
        return sentence_transformers.SentenceTransformer(modules=[part], device=device)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""How well `calotype` denoises, removes JPEG artefacts and inpaints, beside OpenCV's own methods, on the same damaged files in
one run. Writes restoration.json and restoration.md.

    python3 bench/restoration.py DATA          # a folder with cbsd68/, kodak/ and mcmaster/

Noise: white Gaussian of a fixed seed, neither clipped nor rounded (files of floats), as the papers do; PSNR over red, green and
blue after rounding to 8 bits. JPEG: OpenCV's encoder, 4:2:0. Holes: masks of a fixed seed on crops of 500 x 500, PSNR inside.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import cv2
import numpy as np

import restoration_report
from masks import KINDS

SIGMAS = (15, 25, 50)
QUALITIES = (10, 20, 30, 40, 75, 90)


def psnr(a, b, mask=None):
    """Of 8-bit values; b may have fractions, which are rounded."""
    square = (a.astype(np.float64) - np.clip(np.rint(b), 0, 255)) ** 2
    return 10 * np.log10(255**2 / (square.mean() if mask is None else square[mask > 0].mean()))


def luma(bgr):
    """Y of ITU-R BT.601 as the papers on JPEG artefacts take it: 16..235."""
    return np.rint(16 + np.clip(np.rint(bgr), 0, 255) @ np.array([24.966, 128.553, 65.481]) / 255)


class Calotype:
    """Runs a verb on all files of a folder; gives the results in 0..255."""

    def __init__(self, binary):
        self.binary = binary

    def __call__(self, verb, folder, *options):
        out = folder / "out"
        ran = subprocess.run([self.binary, verb, "--quiet", "--overwrite", *options, "-o", f"{out}/", folder / "in"],
                             capture_output=True, text=True)
        if ran.returncode:
            raise RuntimeError(ran.stderr[-800:])
        pictures = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted(out.glob("*.png"))]
        return [p / 257.0 if p.dtype == np.uint16 else p for p in pictures]


def fresh(folder):
    for sub in ("in", "masks", "out"):
        (folder / sub).mkdir(exist_ok=True)
        for file in (folder / sub).iterdir():
            file.unlink()


def write(folder, pictures, suffix, **options):
    for i, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{i:03d}{suffix}"), picture, options.get("params", []))


def mean(values):
    return round(float(np.mean(values)), 3)


def denoising(calotype, clean, folder):
    rows = {}
    for sigma in SIGMAS:
        rng = np.random.default_rng(sigma)
        noisy = [(im + rng.standard_normal(im.shape) * sigma).astype(np.float32) for im in clean]
        fresh(folder)
        write(folder / "in", [im / 255 for im in noisy], ".tiff", params=[cv2.IMWRITE_TIFF_COMPRESSION, 1])  # none
        row = {"noisy": mean([psnr(c, n) for c, n in zip(clean, noisy)])}
        eight = [np.clip(np.rint(n), 0, 255).astype(np.uint8) for n in noisy]
        row["OpenCV non-local means"] = mean([
            psnr(c, cv2.fastNlMeansDenoisingColored(n, None, 0.7 * sigma, 0.7 * sigma, 5, 15)) for c, n in zip(clean, eight)])
        for tier in ("fast", "good"):
            for name, level in ((tier, sigma), (f"{tier}, auto", "auto")):
                results = calotype("denoise", folder, "--tier", tier, "--sigma", str(level))
                row[name] = mean([psnr(c, r) for c, r in zip(clean, results)])
        best = max(range(sigma - 4, sigma + 5, 2), key=lambda s: np.mean(
            [psnr(c, r) for c, r in zip(clean, calotype("denoise", folder, "--sigma", str(s)))]))
        row["best sigma for fast"] = best
        row["fast, best"] = mean([psnr(c, r) for c, r in zip(clean, calotype("denoise", folder, "--sigma", str(best)))])
        rows[sigma] = row
        print(f"sigma {sigma}: {row}", flush=True)
    return rows


def deblocking(calotype, clean, folder):
    rows = {}
    for quality in QUALITIES:
        fresh(folder)
        write(folder / "in", clean, ".jpg", params=[cv2.IMWRITE_JPEG_QUALITY, quality])
        jpegs = [cv2.imread(str(path)) for path in sorted((folder / "in").iterdir())]
        rows[quality] = row = {}
        results = calotype("deblock", folder)
        fresh(folder)
        write(folder / "in", jpegs, ".png")
        blind = calotype("deblock", folder)
        for name, pictures in (("JPEG", jpegs), ("deblock", results), ("deblock, re-saved as PNG", blind)):
            row[name] = mean([psnr(c, p) for c, p in zip(clean, pictures)])
            row[f"{name}, luma"] = mean([psnr(luma(c), luma(p)) for c, p in zip(clean, pictures)])
        row["worst gain"] = round(min(psnr(c, r) - psnr(c, j) for c, r, j in zip(clean, results, jpegs)), 3)
        print(f"quality {quality}: {row}", flush=True)
    return rows


def inpainting(calotype, clean, folder):
    rows = {}
    crops = [im[(im.shape[0] - 500) // 2:, (im.shape[1] - 500) // 2:][:500, :500] for im in clean]
    for kind, draw in KINDS.items():
        rng = np.random.default_rng(0)
        masks = [draw(im.shape[:2], rng) for im in crops]
        fresh(folder)
        damaged = [np.where(mask[..., None] > 0, 0, im).astype(np.uint8) for im, mask in zip(crops, masks)]
        write(folder / "in", damaged, ".png")
        write(folder / "masks", masks, ".png")
        row = {"missing": mean([100 * (m > 0).mean() for m in masks])}
        for name, method in (("OpenCV Telea", cv2.INPAINT_TELEA), ("OpenCV NS", cv2.INPAINT_NS)):
            row[name] = mean([psnr(c, cv2.inpaint(d, m, 3, method), m) for c, d, m in zip(crops, damaged, masks)])
        results = calotype("inpaint", folder, "--mask", folder / "masks")
        row["inpaint"] = mean([psnr(c, r, m) for c, r, m in zip(crops, results, masks)])
        if any((r != d)[m == 0].any() for r, d, m in zip(results, damaged, masks)):
            raise RuntimeError("pixels outside of the mask have changed")
        rows[kind] = row
        print(f"{kind}: {row}", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--calotype", default=str(root / "build/release/bin/calotype"), metavar="BINARY")
    parser.add_argument("--out", type=pathlib.Path, default=root / "docs/results")
    parser.add_argument("--tasks", nargs="*", default=["denoise", "deblock", "inpaint"])
    options = parser.parse_args()
    calotype = Calotype(options.calotype)
    sets = {name: [cv2.imread(str(path)) for path in sorted((options.data / name).glob("*.png"))]
            for name in ("cbsd68", "kodak", "mcmaster")}
    file = options.out / "restoration.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for task, measure in (("denoise", denoising), ("deblock", deblocking)):
            if task in options.tasks:
                results[task] = {name: measure(calotype, clean, folder) for name, clean in sets.items()}
        if "inpaint" in options.tasks:
            results["inpaint"] = {"kodak": inpainting(calotype, sets["kodak"], folder)}
    results = json.loads(json.dumps(results))  # keys become text, as when read again
    file.write_text(json.dumps(results, indent=1) + "\n")
    (options.out / "restoration.md").write_text(restoration_report.markdown(results))
    print((options.out / "restoration.md").read_text())


if __name__ == "__main__":
    main()

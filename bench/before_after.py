# SPDX-License-Identifier: Apache-2.0
"""Damages our own sample pictures, lets `calotype` repair them, and writes docs/images/restore-*.jpg: damaged, repaired, original.

    python3 bench/before_after.py
"""
import argparse
import pathlib
import subprocess
import tempfile

import cv2
import numpy as np

import masks

GAP = 6


def noise(picture, rng):
    return np.clip(np.rint(picture + rng.standard_normal(picture.shape) * 35), 0, 255).astype(np.uint8)


def scratches_and_text(picture, rng):
    mask = masks.scratches(picture.shape[:2], rng)
    cv2.putText(mask, "remove me", (20, picture.shape[0] - 30), cv2.FONT_HERSHEY_DUPLEX, 1.8, 255, 4)
    return np.where(mask[..., None] > 0, 255, picture).astype(np.uint8), mask


def strip(folder, calotype, verb, damaged, original, *options, suffix=".png", params=(), zoom=1):
    before, after = folder / f"before{suffix}", folder / "after.png"
    cv2.imwrite(str(before), damaged, list(params))
    subprocess.run([calotype, verb, "--quiet", "--overwrite", *options, before, "-o", after], check=True)
    parts = [cv2.imread(str(before)), cv2.imread(str(after)), original]
    parts = [cv2.resize(p, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST) for p in parts]
    gap = np.full((parts[0].shape[0], GAP, 3), 255, np.uint8)
    return np.hstack([parts[0], gap, parts[1], gap, parts[2]])


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calotype", default=str(root / "build/release/bin/calotype"), metavar="BINARY")
    parser.add_argument("--out", type=pathlib.Path, default=root / "docs/images")
    options = parser.parse_args()
    rng = np.random.default_rng(1)

    def sample(name, x, y, width, height):
        return cv2.imread(str(root / "assets/images" / f"{name}.png"))[y:y + height, x:x + width]

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        clean = sample("landscape", 330, 150, 320, 320)
        pictures = {"denoise": strip(folder, options.calotype, "denoise", noise(clean, rng), clean)}
        clean = sample("studio", 330, 130, 160, 160)
        pictures["deblock"] = strip(folder, options.calotype, "deblock", clean, clean, suffix=".jpg",
                                    params=(cv2.IMWRITE_JPEG_QUALITY, 10), zoom=2)
        clean = sample("studio", 160, 120, 320, 320)
        damaged, mask = scratches_and_text(clean, rng)
        cv2.imwrite(str(folder / "mask.png"), mask)
        pictures["inpaint"] = strip(folder, options.calotype, "inpaint", damaged, clean, "--mask", folder / "mask.png")
    for name, picture in pictures.items():
        cv2.imwrite(str(options.out / f"restore-{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])


if __name__ == "__main__":
    main()

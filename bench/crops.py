# SPDX-License-Identifier: Apache-2.0
"""The same crop of a picture after `calotype` and other codecs, side by side, from files of equal size: one strip,
crops-NAME-BPP.jpg, for every picture and rate.

    python3 bench/crops.py
    python3 bench/crops.py photo.png --bpp 0.2 --crop 300,150,160,192 --out .
"""
import argparse
import pathlib
import sys
import tempfile
from bisect import bisect_right
from dataclasses import replace

import cv2
import numpy as np

from metrics import ms_ssim, psnr
from tools import PEERS, calotype, run

GAP, CAPTION, ZOOM = 6, 52, 2
CROPS = {"landscape": (470, 120, 160, 192), "studio": (160, 105, 160, 192)}  # x, y, width, height
PEER = {codec.name: codec for codec in PEERS}
COARSEST = replace(PEER["avif-fast"], settings=range(63, -1, -1))  # steps of 10 % in size, so the others follow it


def columns(binary, tunes):
    """Captions and codecs with all their settings, the smallest file first."""
    ours = {tune: calotype(binary, tune=tune, qualities=range(1, 101)) for tune in tunes}
    return {**{"Calotype" if tune == "psnr" else f"Calotype, {tune.upper()}": codec for tune, codec in ours.items()},
            "AVIF": COARSEST,
            "JPEG 2000": replace(PEER["jpeg2000"], settings=np.geomspace(400, 4, 500)),
            "JPEG": replace(PEER["jpeg"], settings=range(1, 101))}


def encode(codec, q, folder):
    coded = folder / f"coded{codec.suffix}"
    run(codec.encode_command(q, folder / f"in.{codec.source}", coded))
    return coded


def fit(codec, size, folder):
    """The largest file that is not over `size` bytes by more than 1 %."""
    fitting = bisect_right(codec.settings, 1.01 * size, key=lambda q: encode(codec, q, folder).stat().st_size)
    if fitting == 0:
        sys.exit(f"{codec.name} cannot compress this picture to {size:.0f} bytes: use a larger --bpp")
    return encode(codec, codec.settings[fitting - 1], folder)


def tile(picture, crop, lines):
    """The crop, enlarged, above its caption."""
    x, y, width, height = crop
    part = cv2.resize(picture[y:y + height, x:x + width], None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_NEAREST)
    part = cv2.copyMakeBorder(part, 0, CAPTION, 0, GAP, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    for number, line in enumerate(lines, 1):
        at = 2, ZOOM * height + 22 * number
        cv2.putText(part, line, at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (40, 40, 40), 1, cv2.LINE_AA)
    return part


def strip(original, crop, bpp, codecs):
    parts = [tile(original, crop, ["Original", f"{original.shape[1]} x {original.shape[0]}"])]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for source in ("png", "ppm"):
            cv2.imwrite(str(folder / f"in.{source}"), original)
        size = fit(COARSEST, bpp * original.shape[0] * original.shape[1] / 8, folder).stat().st_size
        for label, codec in codecs.items():
            coded, decoded = fit(codec, size, folder), folder / f"decoded{codec.picture}"
            run(codec.decode_command(coded, decoded))
            result = cv2.imread(str(decoded), cv2.IMREAD_COLOR)
            lines = [f"{label}, {coded.stat().st_size} bytes",
                     f"{psnr(original, result):.2f} dB, MS-SSIM {ms_ssim(original, result):.4f}"]
            print("  " + ": ".join(lines), flush=True)
            parts.append(tile(result, crop, lines))
    return np.hstack(parts)[:, :-GAP]


def middle(picture):
    height, width = picture.shape[:2]
    return (width - 160) // 2, (height - 192) // 2, 160, 192


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="*", type=pathlib.Path, help="(default: our own samples)",
                        default=[root / "assets/images" / f"{name}.png" for name in CROPS])
    parser.add_argument("--bpp", nargs="+", type=float, default=[0.15, 0.4], help="bits per pixel, a strip for each")
    parser.add_argument("--crop", type=lambda text: tuple(map(int, text.split(","))), metavar="X,Y,WIDTH,HEIGHT",
                        help="what to show (default: the middle)")
    parser.add_argument("--tunes", nargs="+", default=["psnr"], help="of calotype, a column for each")
    parser.add_argument("--calotype", default=str(root / "build/release/bin/calotype"), metavar="BINARY")
    parser.add_argument("--out", type=pathlib.Path, default=root / "docs/images")
    options = parser.parse_args()

    options.out.mkdir(parents=True, exist_ok=True)
    codecs = columns(options.calotype, options.tunes)
    for path in options.pictures:
        original = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if original is None:
            parser.error(f"{path} is not a picture that OpenCV reads; give a PNG")
        crop = options.crop or CROPS.get(path.stem) or middle(original)
        for bpp in options.bpp:
            target = options.out / f"crops-{path.stem}-{bpp:g}.jpg"
            print(target, flush=True)
            cv2.imwrite(str(target), strip(original, crop, bpp, codecs), [cv2.IMWRITE_JPEG_QUALITY, 92])


if __name__ == "__main__":
    main()

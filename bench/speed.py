# SPDX-License-Identifier: Apache-2.0
"""Whole-process encode and decode times of `calotype` and the codecs of Debian, at settings of about equal quality. Tools take
turns on each image, in an order that changes, so that a busy machine, or what one leaves behind in caches, disturbs all alike;
medians are reported, and means, which are what a folder takes. Writes NAME.json and NAME.md.

    python3 bench/speed.py KODAK_FOLDER
    python3 bench/speed.py KODAK_FOLDER --rounds 2 --name speed-avx512
    ONEDNN_MAX_CPU_ISA=AVX2 python3 bench/speed.py KODAK_FOLDER --name speed-avx2    # nearly a CPU without AVX-512
"""
import argparse
import os
import pathlib
import platform
import random
import statistics
import tempfile
import time
from dataclasses import replace

import cv2

from tools import PEERS, calotype, choose, publish, run


SIDES = ("encode", "decode", "mean_encode", "mean_decode")


def seconds(command):
    start = time.perf_counter()
    run(command)
    return time.perf_counter() - start


def with_jobs(codecs, jobs):
    """Encoders that use one core unless told otherwise, once more with all."""
    return [replace(codec, name=f"{codec.name}, {jobs} jobs", encode=codec.encode.replace("avifenc", f"avifenc -j {jobs}"))
            for codec in codecs if codec.tool == "avifenc"]


def measure(codecs, images, rounds):
    times = {codec.name: {"encode": [], "decode": []} for codec in codecs}
    shuffle = random.Random(1).shuffle
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for path in images:
            ppm = folder / "in.ppm"
            cv2.imwrite(str(ppm), cv2.imread(str(path), cv2.IMREAD_COLOR))
            for _ in range(rounds):
                order = list(codecs)
                shuffle(order)
                for codec in order:
                    coded, decoded = folder / f"coded{codec.suffix}", folder / f"decoded{codec.picture}"
                    source = ppm if codec.source == "ppm" else path
                    times[codec.name]["encode"].append(seconds(codec.encode_command(codec.typical, source, coded)))
                    times[codec.name]["decode"].append(seconds(codec.decode_command(coded, decoded)))
    return {name: {label + side: of(values) for label, of in (("", statistics.median), ("mean_", statistics.mean)) for side, values in sides.items()}
            for name, sides in times.items()}


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def markdown(results):
    lines = ["# Speed\n", "Written by `bench/speed.py`: milliseconds of one whole process, start-up and file formats included, median and mean of "
             f"{results['rounds']} round(s) on {results['images']} images of {results['megapixels']:.2f} megapixels; "
             f"{results['cores']} cores, {results['processor']}."
             + (f" Calotype's float convolutions use no instructions beyond {results['limit']}." if results["limit"] else "") + "\n",
             "| codec | setting | encode ms | decode ms | mean encode | mean decode |", "| --- | --: | --: | --: | --: | --: |"]
    lines += [f"| {name} | {row['setting']:g} | " + " | ".join(f"{1000 * row[side]:.0f}" for side in SIDES) + " |"
              for name, row in results["codecs"].items()]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("folder", type=pathlib.Path, help="PNGs")
    parser.add_argument("--images", type=int, default=24, help="only the first so many")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--codecs", nargs="*", help="only these (default: all installed)")
    parser.add_argument("--calotype", default=str(root / "build/release/bin/calotype"), metavar="BINARY")
    parser.add_argument("--name", default="speed", help="of the results")
    parser.add_argument("--out", type=pathlib.Path, default=root / "docs/results")
    options = parser.parse_args()

    images = sorted(options.folder.glob("*.png"))[:options.images]
    if not images:
        parser.error(f"no PNG in {options.folder}")
    peers = [*PEERS, *with_jobs(PEERS, len(os.sched_getaffinity(0)))]
    codecs = choose(options.codecs, [calotype(options.calotype), calotype(options.calotype, tier="good"), *peers])
    measured = measure(codecs, images, options.rounds)
    pixels = [picture.shape[0] * picture.shape[1] for picture in (cv2.imread(str(path)) for path in images)]
    results = {"images": len(images), "rounds": options.rounds, "megapixels": statistics.mean(pixels) / 1e6,
               "cores": len(os.sched_getaffinity(0)), "processor": processor(),
               "limit": os.environ.get("ONEDNN_MAX_CPU_ISA"),
               "codecs": {codec.name: {"setting": codec.typical, **measured[codec.name]} for codec in codecs}}
    publish(options.out, options.name, results, markdown(results))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""What computing in bf16 instead of fp32 costs `calotype decompress`: files of both precisions, decoded in both. Needs a
CPU on which bf16 gains something (AMX or AVX512_BF16). Writes NAME.json and NAME.md.

    python3 bench/precision.py KODAK_FOLDER --qualities 1 50 75 100 -j 2
"""
import argparse
import concurrent.futures
import itertools
import pathlib
import statistics
import tempfile

import cv2

from tools import publish, run

PRECISIONS = "fp32", "bf16"


def psnr_in_both(calotype, tier, quality, encoder, picture):
    """Of the file that `encoder` precision writes, by precision of the decoder."""
    original, result = cv2.imread(str(picture), cv2.IMREAD_UNCHANGED), {}
    with tempfile.TemporaryDirectory() as folder:
        coded, decoded = f"{folder}/coded.calo", f"{folder}/decoded.png"
        run([calotype, "compress", "--quiet", picture, "--tier", tier, "-q", str(quality), "--precision", encoder, "-o", coded])
        for decoder in PRECISIONS:
            run([calotype, "decompress", "--quiet", "--overwrite", coded, "--precision", decoder, "-o", decoded])
            result[decoder] = cv2.PSNR(original, cv2.imread(decoded, cv2.IMREAD_UNCHANGED))
    return result


def markdown(results):
    lines = ["# bf16 beside fp32\n",
             "Written by `bench/precision.py`: PSNR of the same file decoded in fp32, less that of its decoding in bf16, in dB, on "
             f"{results['images']} images.\n",
             "| tier | quality | encoder | mean loss | largest loss | smallest |", "| --- | --: | --- | --: | --: | --: |"]
    lines += [f"| {row['tier']} | {row['quality']} | {row['encoder']} | {row['mean']:.4f} | {row['largest']:.4f} | "
              f"{row['smallest']:.4f} |"
              for row in results["rows"]]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("folder", type=pathlib.Path, help="PNGs")
    parser.add_argument("--qualities", type=int, nargs="+", default=[1, 20, 40, 60, 80, 100])
    parser.add_argument("--tiers", nargs="+", default=["good", "fast"])
    parser.add_argument("--images", type=int, default=24, help="only the first so many")
    parser.add_argument("--calotype", default=str(root / "build/release/bin/calotype"), metavar="BINARY")
    parser.add_argument("-j", "--jobs", type=int, default=1)
    parser.add_argument("--name", default="precision", help="of the results")
    parser.add_argument("--out", type=pathlib.Path, default=root / "docs/results")
    options = parser.parse_args()

    images = sorted(options.folder.glob("*.png"))[:options.images]
    if not images:
        parser.error(f"no PNG in {options.folder}")
    rows_of = list(itertools.product(options.tiers, options.qualities, PRECISIONS))
    cases = list(itertools.product(rows_of, images))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        measured = list(pool.map(lambda case: psnr_in_both(options.calotype, *case[0], case[1]), cases))
    rows = []
    for row in rows_of:
        losses = [result["fp32"] - result["bf16"] for case, result in zip(cases, measured) if case[0] == row]
        rows.append({**dict(zip(("tier", "quality", "encoder"), row)), "mean": statistics.mean(losses), "largest": max(losses),
                     "smallest": min(losses)})
    results = {"images": len(images), "rows": rows}
    publish(options.out, options.name, results, markdown(results))


if __name__ == "__main__":
    main()

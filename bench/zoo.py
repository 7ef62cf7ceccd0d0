# SPDX-License-Identifier: Apache-2.0
"""Networks of the families that people know, with random weights (zoo_networks.py), on every engine and precision beside
ONNX Runtime and OpenVINO, as engines.py measures those of our models: in turns, a process each. Every network also runs
on a batch of three and, where it takes any, on a picture of odd sides, and is compared with ONNX Runtime there too.
Writes NAME.json and NAME.md.

    python3 -m pip install -r bench/requirements.txt
    cmake --build --preset release
    python3 bench/zoo.py
    python3 bench/zoo.py --families efficientnet_lite0 --threads 1 --seconds 1 --out /tmp    # one of them
"""
import argparse
import json
import pathlib
import sys
import tempfile

import numpy as np

import engines
from engines_report import threads_text
from speed import processor
from zoo_networks import FAMILIES, export

PRECISIONS = ["fp32", "bf16"]
PEERS = ["onnxruntime", "openvino"]
REFERENCES = ["ONNX Runtime fp32"]


def shapes(family):
    """What is timed, then what is compared only."""
    channels, height, width = family.size
    odd = [(1, channels, *family.odd)] if family.odd else []
    return [(1, channels, height, width), (3, channels, height, width), *odd]


def measure_family(family, runners, options):
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "net.onnx"
        export(family, path)
        for i, shape in enumerate(shapes(family)):
            x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
            rounds, seconds = (options.rounds, options.seconds) if i == 0 else (1, 0)
            results, complaints = engines.measure(runners, path, {"x": x}, options.threads, seconds, rounds,
                                                  REFERENCES)
            for name, result in results.items():
                row = rows.setdefault(name, {"best_ms": result["best_ms"], "max_difference": 0, "rms_difference": 0})
                for key in "max_difference", "rms_difference":
                    row[key] = max(row[key], result[key])
            for name, complaint in complaints.items():
                rows[name] = {"complaint": complaint}
    return rows


def cell(row):
    if not row:
        return ""
    return "no" if "complaint" in row else f"{row['best_ms']:.2f} ({row['max_difference']:.0e})"


def markdown(results, command):
    names = list(dict.fromkeys(name for rows in results["families"].values() for name in rows))
    lines = ["# Networks of the families that people know", "",
             f"Made by `{command}` on {results['processor']}, {threads_text(results['threads'])}. Random weights, one picture; milliseconds of the fastest run,",
             "in brackets the largest difference from ONNX Runtime, as a fraction of the root mean square of its answer, batches of three and odd sides included.",
             "Networks that nobody has trained are of any condition: what bf16 makes of them says little of trained ones.", "",
             "| network | " + " | ".join(names) + " |", "|---|" + "--:|" * len(names)]
    labels = {family.name: family.label for family in FAMILIES}
    for family, rows in results["families"].items():
        lines.append(f"| {labels[family]} | " + " | ".join(cell(rows.get(name)) for name in names) + " |")
    said = [f"- {labels[family]}, {name}: {row['complaint']}" for family, rows in results["families"].items()
            for name, row in rows.items() if "complaint" in row]
    return "\n".join(lines + (["", "What an engine cannot, `engine=auto` gives to the next one:", ""] + said if said else [])) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", type=pathlib.Path, default=engines.ROOT / "build/release/bin")
    parser.add_argument("--families", nargs="*", default=[family.name for family in FAMILIES])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.3, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path, default=engines.ROOT / "docs/results")
    parser.add_argument("--name", default="zoo")
    options = parser.parse_args()
    ours, peers = engines.our_engines(options.binaries), engines.installed_peers()
    runners = engines.runners(options.binaries, ours, [p for p in PEERS if p in peers], PRECISIONS, None)
    results = {"processor": processor(), "threads": options.threads, "versions": {**ours, **peers}, "families": {}}
    options.out.mkdir(parents=True, exist_ok=True)
    for family in FAMILIES:
        if family.name not in options.families:
            continue
        results["families"][family.name] = measure_family(family, runners, options)
        print(family.label, *(f"{name} {cell(row)}" for name, row in results["families"][family.name].items()),
              sep="; ", file=sys.stderr)
        (options.out / f"{options.name}.json").write_text(json.dumps(results, indent=1) + "\n")
        (options.out / f"{options.name}.md").write_text(markdown(results, "bench/zoo.py"))


if __name__ == "__main__":
    main()

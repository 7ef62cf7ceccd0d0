# SPDX-License-Identifier: Apache-2.0
"""Turns what bench/engines.py measured into speed-ups and tables."""
import numpy as np

REFERENCES = "opencv fp32", "ONNX Runtime fp32"  # whose results the others are compared with: the first that there is
WRONG = 0.2  # a root mean square difference from the reference; faster than right does not count


def right(rows):
    return [row for row in rows if row["rms_difference"] < WRONG]


def speedups(rows):
    """Of every runner of ours over the slow engine that is always there and over the peers in its precision: times by
    part, and their geometric mean."""
    best = {}
    for row in right(rows):
        best.setdefault((row["threads"], row["runner"]), {})[f"{row['model']}/{row['part']}"] = row["best_ms"]
    precision = {row["runner"]: row["precision"] for row in rows}
    peers = list(dict.fromkeys(row["runner"] for row in rows if not row["ours"]))
    found = []
    for ours in dict.fromkeys(row["runner"] for row in rows if row["ours"] and row["runner"] != REFERENCES[0]):
        for other in [REFERENCES[0], *(peer for peer in peers if precision[peer] == precision[ours])]:
            for threads in sorted({row["threads"] for row in rows}):
                mine, theirs = best.get((threads, ours), {}), best.get((threads, other), {})
                parts = {part: theirs[part] / mine[part] for part in mine if part in theirs}
                if parts:
                    found.append({"runner": ours, "over": other, "threads": threads, "parts": parts,
                                  "geometric_mean": float(np.exp(np.mean(np.log(list(parts.values())))))})
    return found


def table(header, rows):
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def times_table(rows):
    names = list(dict.fromkeys(row["runner"] for row in rows))
    parts = {}
    for row in rows:
        note = "" if right([row]) else " (wrong)"
        parts.setdefault(f"{row['model']}/{row['part']}", {})[row["runner"]] = f"{row['best_ms']:.2f}{note}"
    return table(["part", *names], [[part, *(times.get(n, "") for n in names)] for part, times in parts.items()])


def speedup_table(entries):
    parts = list(dict.fromkeys(part for entry in entries for part in entry["parts"]))
    lines = [[part, *(f"{e['parts'][part]:.2f}" if part in e["parts"] else "" for e in entries)] for part in parts]
    return table(["part", *(entry["over"] for entry in entries)],
                 lines + [["**geometric mean**", *(f"**{entry['geometric_mean']:.2f}**" for entry in entries)]])


def details_table(rows, megapixels):
    return table(["part", "with", "best ms", "median ms", "ms per megapixel", "load ms", "memory MB",
                  "largest difference", "RMS difference"],
                 [[f"{row['model']}/{row['part']}", row["runner"], f"{row['best_ms']:.2f}", f"{row['median_ms']:.2f}",
                   f"{row['best_ms'] / megapixels:.2f}", f"{row['load_ms']:.0f}", f"{row['memory_mb']:.0f}",
                   f"{row['max_difference']:.1e}", f"{row['rms_difference']:.1e}"] for row in rows])


def means_table(entries):
    """Geometric means alone: engines and threads down, what they are compared with across."""
    others = list(dict.fromkeys(entry["over"] for entry in entries))
    means = {}
    for entry in entries:
        name = f"{entry['runner']}, {threads_text(entry['threads'])}"
        means.setdefault(name, {})[entry["over"]] = f"{entry['geometric_mean']:.2f}"
    return table(["engine", *others], [[name, *(row.get(n, "") for n in others)] for name, row in means.items()])


def threads_text(count):
    return f"{count} thread" if count == 1 else f"{count} threads"


def markdown(results):
    width, height = results["picture"]
    described = ("" if not results["tiles_described"] else
                 " This machine hides the description of its AMX tiles (CPUID leaf 0x1d), without which the peers die "
                 "or fall back; they run with `training/common/amx.c` preloaded, Calotype's engines without.")
    parts = ["# Engines\n",
             "Written by `bench/engines.py`: one run of each network, inputs and outputs floats in memory, for a "
             f"picture of {width} x {height}; {results['processor']}, {results['cores']} cores. Best of "
             f"{results['rounds']} rounds of {results['seconds']:g} s in which all take turns; memory is the peak "
             f"beyond what was used before loading. Differences are from {' or '.join(REFERENCES)}, in units of the "
             f"root mean square of its result; a result off by more than {WRONG:g} (RMS) is marked as wrong and left "
             f"out of the comparison.{described}\n",
             "Versions: " + "; ".join(f"{name}: {version}" for name, version in results["versions"].items()) + ".\n"]
    for threads in sorted({row["threads"] for row in results["rows"]}):
        rows = [row for row in results["rows"] if row["threads"] == threads]
        parts += [f"## {threads_text(threads).capitalize()}\n", "### Milliseconds\n", times_table(rows)]
        for ours in dict.fromkeys(row["runner"] for row in rows):
            entries = [e for e in results["speedups"] if e["runner"] == ours and e["threads"] == threads]
            if entries:
                parts += [f"### How many times faster {ours} is than\n", speedup_table(entries)]
        parts += ["### Details\n", details_table(rows, width * height / 1e6)]
    return "\n".join([*parts, "## Geometric means\n", means_table(results["speedups"])])

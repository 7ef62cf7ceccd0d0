# SPDX-License-Identifier: Apache-2.0
"""Every network of every model on every engine and precision that both allow, beside ONNX Runtime, OpenVINO and PyTorch
with the same ONNX files, inputs and number of threads. Each runs in a process of its own; they take turns, so that a
busy machine disturbs all alike. Writes engines.json and engines.md.

    python3 -m pip install -r bench/requirements.txt
    cmake --build --preset release
    python3 bench/engines.py --threads 1 2 --seconds 1
    python3 bench/engines.py --parts analysis synthesis --threads 1 --out /tmp    # a quick look
"""
import argparse
import configparser
import importlib.metadata
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import cv2
import numpy as np

from speed import processor

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZE = 768, 512  # of the picture that all inputs come from
RATE = 144  # position on the codec's scale of rates, the middle
REFERENCES = "opencv fp32", "ONNX Runtime fp32"  # whose results the others are compared with: the first that there is

# Programs compared with: name in peers.py -> package, label, precisions.
PEERS = {"onnxruntime": ("onnxruntime", "ONNX Runtime", ["fp32"]),
         "openvino": ("openvino", "OpenVINO", ["fp32", "bf16"]),
         "pytorch": ("torch", "PyTorch", ["fp32", "bf16"])}
WRONG = 0.2  # a root mean square difference from the reference; faster than right does not count


def latent_inputs(folder, picture):
    """The codec's parts with what reaches them when the picture is compressed, decompressed and refined."""
    sys.path.insert(0, str(ROOT / "training/codec"))
    from runtime import Codec

    inputs = {}

    class Recorder(Codec):
        def net(self, part, x):
            inputs[part] = {"x": x[None]}
            return super().net(part, x)

    codec = Recorder(folder)
    codec.decode(codec.encode(codec.analyse(picture), RATE)["yh"], RATE)
    target = picture.transpose(2, 0, 1)[None] / 255
    return {**inputs, "synthesis_gradient": {**inputs["synthesis"], "target": target}}


# Model -> what makes {part: {input: array}} from its folder and an RGB picture.
INPUTS = {"latent": latent_inputs}


@dataclass(frozen=True)
class Runner:
    """What runs a network in one precision: one of Calotype's engines or a peer."""

    engine: str
    label: str
    precision: str
    command: tuple
    environment: dict
    ours: bool

    @property
    def name(self):
        return f"{self.label} {self.precision}"


class Process:
    """A network loaded by a runner, which waits until it is its turn."""

    def __init__(self, runner, folder, path, threads, inputs):
        self.out = folder / f"{runner.engine}-{runner.precision}"
        self.errors = pathlib.Path(f"{self.out}.log")
        command = [*runner.command, path, runner.engine, runner.precision, threads, "-", self.out, *inputs]
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stderr=errors,
                                            stdout=subprocess.PIPE, text=True, env=os.environ | runner.environment)
        self.rounds = []

    def round(self, seconds):
        """False when the runner cannot do it."""
        try:
            print(seconds, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        if line:
            self.rounds.append(json.loads(line))
        return bool(line)

    def close(self):
        self.process.communicate()

    def complaint(self):
        lines = self.errors.read_text().strip().splitlines()
        return lines[-1] if lines else f"ended with status {self.process.returncode}"

    def outputs(self):
        """Name -> values of the first run."""
        return {file.name[len(self.out.name) + 1:-4]: np.fromfile(file, np.float32).astype(np.float64)
                for file in self.out.parent.glob(f"{self.out.name}.*.f32")}

    def result(self):
        last = self.rounds[-1]
        return {"best_ms": min(r["best_ms"] for r in self.rounds),
                "median_ms": statistics.median(r["median_ms"] for r in self.rounds),
                "load_ms": last["load_ms"], "first_ms": last["first_ms"], "memory_mb": last["memory_mb"]}


def difference(outputs, reference):
    """Largest and root mean square difference as fractions of the reference's own root mean square; of several outputs
    the worst."""
    worst = {"max_difference": 0.0, "rms_difference": 0.0}
    for name, right in reference.items():
        scale, delta = np.sqrt(np.mean(right**2)), np.abs(outputs[name] - right)
        worst["max_difference"] = max(worst["max_difference"], float(delta.max() / scale))
        worst["rms_difference"] = max(worst["rms_difference"], float(np.sqrt(np.mean(delta**2)) / scale))
    return worst


def measure(runners, path, inputs, threads, seconds, rounds):
    """Results by runner's name, and complaints of those that could not."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        arguments = []
        for name, array in inputs.items():
            np.ascontiguousarray(array, np.float32).tofile(folder / f"{name}.f32")
            arguments.append(f"{name}={folder / name}.f32:{','.join(map(str, array.shape))}")
        running, complaints = {}, {}
        for turn in range(rounds):
            for runner in runners:
                if turn == 0:
                    running[runner.name] = Process(runner, folder, path, threads, arguments)
                if runner.name in running and not running[runner.name].round(seconds):
                    process = running.pop(runner.name)
                    process.close()
                    complaints[runner.name] = process.complaint()
        for process in running.values():
            process.close()
        reference = next(running[name] for name in REFERENCES if name in running).outputs()
        return {name: {**process.result(), **difference(process.outputs(), reference)}
                for name, process in running.items()}, complaints


def hides_tiles():
    """Whether this is a virtual machine whose CPU has AMX but whose CPUID does not describe it."""
    if "amx_tile" not in pathlib.Path("/proc/cpuinfo").read_text():
        return False
    with tempfile.TemporaryDirectory() as folder:
        source = "#include <cpuid.h>\nint main() { unsigned a, b, c, d; __cpuid_count(0x1d, 0, a, b, c, d); return !a; }"
        subprocess.run(["gcc", "-x", "c", "-", "-o", f"{folder}/leaf"], input=source, text=True, check=True)
        return subprocess.run([f"{folder}/leaf"]).returncode == 1


def tile_description(folder):
    """A library to preload that describes the tiles to programs that die or slow down without."""
    library = f"{folder}/amx.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", ROOT / "training/codec/amx.c", "-o", library], check=True)
    return library


def our_engines(binaries):
    """Name -> version of those that have a device."""
    ran = subprocess.run([binaries / "calotype", "inspect", "--engines", "--json"], stdout=subprocess.PIPE, check=True)
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    return {engine["engine"]: engine["version"] for engine in found if engine["devices"]}


def installed_peers():
    """Name -> version; says which are left out."""
    versions = {}
    for peer, (package, label, _) in PEERS.items():
        try:
            versions[peer] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            print(f"{label}: package {package} is not installed, left out", file=sys.stderr)
    return versions


def runners(binaries, engines, peers, precisions, preload):
    """All pairs of engine and precision; which of ours are impossible shows when they run."""
    ours = [Runner(engine, engine, precision, (binaries / "run_network",), {}, True)
            for engine in sorted(engines, key=lambda name: name != "opencv") for precision in precisions]
    environment = {"LD_PRELOAD": preload} if preload else {}
    theirs = [Runner(peer, PEERS[peer][1], precision, (sys.executable, ROOT / "bench/peers.py"), environment, False)
              for peer in peers for precision in precisions if precision in PEERS[peer][2]]
    return ours + theirs


def measure_model(folder, picture, options, engines, peers, preload):
    """Yields a row for each runner, part by part."""
    manifest = configparser.ConfigParser()
    manifest.read(folder / "model.ini")
    precisions = manifest["engine"]["precision"].split(",")
    chosen = runners(options.binaries, engines, peers, precisions, preload)
    said = set()
    for part, inputs in INPUTS[folder.name](folder, picture).items():
        if options.parts and part not in options.parts:
            continue
        for threads in options.threads:
            results, complaints = measure(chosen, folder / manifest["part"][part], inputs, threads, options.seconds,
                                          options.rounds)
            for complaint in {f"{name}: {text}" for name, text in complaints.items()} - said:
                said.add(complaint)
                print(complaint, file=sys.stderr)
            print(f"{folder.name} {part}, {threads_text(threads)}: measured", file=sys.stderr)
            yield [{"model": folder.name, "part": part, "threads": threads, "runner": runner.name,
                    "precision": runner.precision, "ours": runner.ours, **results[runner.name]}
                   for runner in chosen if runner.name in results]


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
    return table(["part", "with", "best ms", "median ms", "ms per megapixel", "load ms", "memory MB", "largest difference",
                  "RMS difference"],
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
    return table(["engine", *others], [[name, *(row.get(other, "") for other in others)] for name, row in means.items()])


def threads_text(count):
    return f"{count} thread" if count == 1 else f"{count} threads"


def markdown(results):
    described = ("" if not results["tiles_described"] else
                 " This machine hides the description of its AMX tiles (CPUID leaf 0x1d), without which the peers die or "
                 "fall back; they run with `training/codec/amx.c` preloaded, Calotype's engines without.")
    parts = ["# Engines\n",
             "Written by `bench/engines.py`: one run of each network, inputs and outputs floats in memory, for a picture of "
             f"{SIZE[0]} x {SIZE[1]}; {results['processor']}, {results['cores']} cores. Best of {results['rounds']} rounds of "
             f"{results['seconds']:g} s in which all take turns; memory is the peak beyond what was used before loading. "
             f"Differences are from {' or '.join(REFERENCES)}, in units of the root mean square of its result; "
             f"a result off by more than {WRONG:g} (RMS) is marked as wrong and left out of the comparison.{described}\n",
             "Versions: " + "; ".join(f"{name}: {version}" for name, version in results["versions"].items()) + ".\n"]
    for threads in sorted({row["threads"] for row in results["rows"]}):
        rows = [row for row in results["rows"] if row["threads"] == threads]
        parts += [f"## {threads_text(threads).capitalize()}\n", "### Milliseconds\n", times_table(rows)]
        for ours in dict.fromkeys(row["runner"] for row in rows):
            entries = [e for e in results["speedups"] if e["runner"] == ours and e["threads"] == threads]
            if entries:
                parts += [f"### How many times faster {ours} is than\n", speedup_table(entries)]
        parts += ["### Details\n", details_table(rows, results["megapixels"])]
    return "\n".join([*parts, "## Geometric means\n", means_table(results["speedups"])])


def merged(rows, new):
    """The new rows instead of the old ones of the same part and threads, sorted by these."""

    def place(row):
        return row["model"], row["part"], row["threads"]

    return sorted([row for row in rows if place(row) != place(new[0])] + new, key=place)


def save(folder, results):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "engines.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "engines.md").write_text(markdown(results))


def main():
    models = sorted(path.parent for path in (ROOT / "assets/models").glob("*/model.ini"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=[path.name for path in models], help="only these (default: all)")
    parser.add_argument("--parts", nargs="+", help="only these parts of them (default: all)")
    parser.add_argument("--threads", nargs="+", type=int, default=sorted({1, len(os.sched_getaffinity(0))}),
                        help="one table for each number (default: 1 and all cores)")
    parser.add_argument("--seconds", type=float, default=1, help="of each turn (default: 1)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (default: 3)")
    parser.add_argument("--binaries", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="FOLDER",
                        help="with calotype and run_network")
    parser.add_argument("--keep", action="store_true", help="what engines.json has of other parts and threads")
    parser.add_argument("--json", action="store_true", help="print the results as JSON instead of Markdown")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/results")
    options = parser.parse_args()

    picture = cv2.imread(str(ROOT / "assets/images/landscape.png"), cv2.IMREAD_COLOR)
    picture = cv2.resize(picture, SIZE)[:, :, ::-1]
    engines, peers = our_engines(options.binaries), installed_peers()
    described, file = hides_tiles(), options.out / "engines.json"
    results = {"processor": processor(), "cores": len(os.sched_getaffinity(0)), "rounds": options.rounds,
               "seconds": options.seconds, "megapixels": SIZE[0] * SIZE[1] / 1e6, "tiles_described": described,
               "versions": engines | {PEERS[peer][1]: version for peer, version in peers.items()},
               "rows": json.loads(file.read_text())["rows"] if options.keep and file.exists() else []}
    with tempfile.TemporaryDirectory() as folder:
        preload = tile_description(folder) if described else None
        for model in models:
            if not options.models or model.name in options.models:
                for rows in measure_model(model, picture, options, engines, peers, preload):
                    results["rows"] = merged(results["rows"], rows)
                    results["speedups"] = speedups(results["rows"])
                    save(options.out, results)
    print(json.dumps(results, indent=1) if options.json else markdown(results))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Every network of every model on every engine and precision that both allow, beside ONNX Runtime, OpenVINO and PyTorch
with the same ONNX files, inputs and number of threads. Each runs in a process of its own; they take turns, so that a
busy machine disturbs all alike. Writes NAME.json and NAME.md. ONNX Runtime also makes the inputs; the other
peers may be missing.

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
import onnx

from engines_report import REFERENCES, markdown, speedups, threads_text
from speed import processor

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZE = 768, 512  # of the picture that all inputs come from
RATE = 144  # position on the codec's scale of rates, the middle

# Programs compared with: name in peers.py -> package, label, precisions.
PEERS = {"onnxruntime": ("onnxruntime", "ONNX Runtime", ["fp32"]),
         "openvino": ("openvino", "OpenVINO", ["fp32", "bf16"]),
         "pytorch": ("torch", "PyTorch", ["fp32", "bf16"])}


def latent_inputs(folder, picture):
    """The codec's parts with what reaches them when the picture is compressed, decompressed and refined."""
    sys.path.insert(0, str(ROOT / "training"))
    from codec.runtime import Codec

    inputs = {}

    class Recorder(Codec):
        def net(self, part, x):
            inputs[part] = {"x": x[None]}
            return super().net(part, x)

    codec = Recorder(folder)
    codec.decode(codec.encode(codec.analyse(picture), RATE)["yh"], RATE)
    target = picture.transpose(2, 0, 1)[None] / 255
    return {**inputs, "synthesis_gradient": {**inputs["synthesis"], "target": target}}


def restore_inputs(folder, picture):
    """The picture with a condition that is the same everywhere."""
    condition = np.full(picture.shape[:2] + (1,), 0.1)
    return {"restore": {"x": np.dstack([picture / 255, condition]).transpose(2, 0, 1)[None]}}


# Task -> what makes {part: {input: array}} from a model's folder and an RGB picture.
INPUTS = {"codec": latent_inputs, "restore": restore_inputs}


def structure(path):
    """What two networks that differ only in their weights have in common."""
    graph = onnx.load(str(path)).graph
    return str([(n.op_type, list(n.attribute)) for n in graph.node] + [list(t.dims) for t in graph.initializer])


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
    the worst, NaN if there is any."""
    largest, mean = [], []
    for name, expected in reference.items():
        scale, delta = np.sqrt(np.mean(expected**2)) or 1, np.abs(outputs[name] - expected)
        largest.append(delta.max() / scale)
        mean.append(np.sqrt(np.mean(delta**2)) / scale)
    return {"max_difference": float(np.max(largest)), "rms_difference": float(np.max(mean))}


def measure(runners, path, inputs, threads, seconds, rounds, references=REFERENCES):
    """Results by runner's name, and complaints of those that could not. They are compared with the first of `references`
    that could."""
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
        reference = next(running[name] for name in references if name in running).outputs()
        return {name: {**process.result(), **difference(process.outputs(), reference)}
                for name, process in running.items()}, complaints


def hides_tiles():
    """Whether this is a virtual machine whose CPU has AMX but whose CPUID does not describe it."""
    if "amx_tile" not in pathlib.Path("/proc/cpuinfo").read_text():
        return False
    with tempfile.TemporaryDirectory() as folder:
        source = ("#include <cpuid.h>\n"
                  "int main() { unsigned a, b, c, d; __cpuid_count(0x1d, 0, a, b, c, d); return !a; }")
        subprocess.run(["gcc", "-x", "c", "-", "-o", f"{folder}/leaf"], input=source, text=True, check=True)
        return subprocess.run([f"{folder}/leaf"]).returncode == 1


def tile_description(folder):
    """A library to preload that describes the tiles to programs that die or slow down without."""
    library = f"{folder}/amx.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", ROOT / "training/common/amx.c", "-o", library], check=True)
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


def read_manifest(folder):
    manifest = configparser.ConfigParser()
    manifest.read(folder / "model.ini")
    return manifest


def measure_model(folder, picture, options, engines, peers, preload, seen):
    """Yields a row for each runner, part by part; `seen`: the structures measured before and whose they were."""
    manifest = read_manifest(folder)
    precisions = manifest["engine"]["precision"].split(",")
    chosen = runners(options.binaries, engines, peers, precisions, preload)
    said = set()
    for part, inputs in INPUTS[manifest["model"]["task"]](folder, picture).items():
        if part not in manifest["part"] or options.parts and part not in options.parts:
            continue
        same = seen.setdefault(structure(folder / manifest["part"][part]), folder.name)
        if same != folder.name:
            print(f"{folder.name} {part}: the network of {same} with other weights, left out", file=sys.stderr)
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


def merged(rows, new):
    """The new rows instead of the old ones of the same part and threads, sorted by these."""

    def place(row):
        return row["model"], row["part"], row["threads"]

    return sorted([row for row in rows if place(row) != place(new[0])] + new, key=place)


def save(folder, name, results):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / f"{name}.md").write_text(markdown(results))


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
    parser.add_argument("--keep", action="store_true", help="what the results so far say of other parts and threads")
    parser.add_argument("--json", action="store_true", help="print the results as JSON instead of Markdown")
    parser.add_argument("--name", default="engines", help="of the results")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/results")
    options = parser.parse_args()

    picture = cv2.imread(str(ROOT / "assets/images/landscape.png"), cv2.IMREAD_COLOR)
    picture = cv2.resize(picture, SIZE)[:, :, ::-1]
    engines, peers = our_engines(options.binaries), installed_peers()
    described, file = hides_tiles(), options.out / f"{options.name}.json"
    results = {"processor": processor(), "cores": len(os.sched_getaffinity(0)), "rounds": options.rounds,
               "seconds": options.seconds, "picture": SIZE, "tiles_described": described,
               "versions": engines | {PEERS[peer][1]: version for peer, version in peers.items()},
               "rows": json.loads(file.read_text())["rows"] if options.keep and file.exists() else []}
    with tempfile.TemporaryDirectory() as folder:
        preload, seen = tile_description(folder) if described else None, {}
        for model in models:
            if read_manifest(model)["model"]["task"] not in INPUTS:
                print(f"{model.name}: no inputs for its task in bench/engines.py, left out", file=sys.stderr)
            elif not options.models or model.name in options.models:
                for rows in measure_model(model, picture, options, engines, peers, preload, seen):
                    results["rows"] = merged(results["rows"], rows)
                    results["speedups"] = speedups(results["rows"])
                    save(options.out, options.name, results)
    print(json.dumps(results, indent=1) if options.json else markdown(results))


if __name__ == "__main__":
    main()

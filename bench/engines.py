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

# Programs compared with: name in peers.py -> package, label, precisions.
PEERS = {"onnxruntime": ("onnxruntime", "ONNX Runtime", ["fp32"]),
         "openvino": ("openvino", "OpenVINO", ["fp32", "bf16"]),
         "pytorch": ("torch", "PyTorch", ["fp32", "bf16"]),
         "pytorch_onednn": ("torch", "PyTorch, oneDNN layouts", ["fp32"])}


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
    """What runs a network: one of Calotype's engines or a peer, in one precision."""

    engine: str
    label: str
    precision: str
    command: tuple
    ours: bool
    environment: dict

    @property
    def name(self):
        return f"{self.label} {self.precision}"


class Process:
    """A network loaded by a runner, which waits until it is its turn."""

    def __init__(self, runner, folder, path, threads, inputs):
        self.out = folder / f"{runner.engine}-{runner.precision}"
        self.errors = open(f"{self.out}.log", "w+")
        command = [*runner.command, path, runner.engine, runner.precision, threads, "-", self.out, *inputs]
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True, env={**os.environ, **runner.environment})
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

    def complaint(self):
        self.errors.seek(0)
        lines = self.errors.read().strip().splitlines()
        return lines[-1] if lines else f"ended with status {self.process.wait()}"

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()

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
    """Results by runner's name; differences are from the first runner."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        arguments = []
        for name, array in inputs.items():
            np.ascontiguousarray(array, np.float32).tofile(folder / f"{name}.f32")
            arguments.append(f"{name}={folder / name}.f32:{','.join(map(str, array.shape))}")
        running = {}
        for turn in range(rounds):
            for runner in runners:
                if turn == 0:
                    running[runner.name] = Process(runner, folder, path, threads, arguments)
                if runner.name in running and not running[runner.name].round(seconds):
                    process = running.pop(runner.name)
                    print(f"{runner.name}: {path.name} left out: {process.complaint()}", file=sys.stderr)
                    process.close()
        for process in running.values():
            process.close()
        reference = running[runners[0].name].outputs()
        return {name: {**process.result(), **difference(process.outputs(), reference)}
                for name, process in running.items()}


def hides_tiles():
    """Whether this is a virtual machine whose CPU has AMX but whose CPUID does not describe it; oneDNN dies there."""
    if "amx_tile" not in pathlib.Path("/proc/cpuinfo").read_text():
        return False
    with tempfile.TemporaryDirectory() as folder:
        source = b"#include <cpuid.h>\nint main() { unsigned a, b, c, d; __cpuid_count(0x1d, 0, a, b, c, d); return !a; }"
        subprocess.run(["gcc", "-x", "c", "-", "-o", f"{folder}/leaf"], input=source, check=True)
        return subprocess.run([f"{folder}/leaf"]).returncode == 1


def our_engines(binaries):
    """Name -> version, of those with a device."""
    ran = subprocess.run([binaries / "calotype", "inspect", "--engines", "--json"], stdout=subprocess.PIPE, check=True)
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    return {engine["name"]: engine["version"] for engine in found if engine["devices"]}

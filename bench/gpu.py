# SPDX-License-Identifier: Apache-2.0
"""Megapixels per second of the codec's networks on a GPU: engine cudnn beside PyTorch with the same weights, channels last
and CUDA graphs. Both times include the way of the tensors to the device and back. Writes gpu.json and gpu.md.

    python3 bench/gpu.py                 # needs numpy; PyTorch with CUDA and onnx for the comparison

scripts/gpu.sh builds what this needs and runs it.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np

from tools import publish

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHANNELS = {"analysis": 3, "hyper_analysis": 1024, "hyper_mean": 96, "context_1": 1024, "context_2": 1024, "context_3": 1024,
            "synthesis": 512}
PIXELS = {"analysis": 1, "hyper_mean": 64}  # of a side, per sample of the input; the others see latents of 16 pixels
ENCODER = ["analysis", "hyper_analysis", "hyper_mean", "context_1", "context_2", "context_3"]
DECODER = ["hyper_mean", "context_1", "context_2", "context_3", "synthesis"]


def cudnn_engine(calotype):
    """Version and devices."""
    listed = subprocess.run([str(calotype), "inspect", "--engines", "--json"], check=True, capture_output=True, text=True)
    for line in listed.stdout.splitlines():
        engine = json.loads(line)
        if engine["engine"] == "cudnn":
            return engine
    raise SystemExit("engine cudnn is not built: configure with -DCALOTYPE_WITH_CUDNN=ON")


def test_input(name, batch, side):
    sides = side // PIXELS.get(name, 16)
    values = np.random.default_rng(1).random((batch, CHANNELS[name], sides, sides), np.float32)
    return values if name == "analysis" else values - np.float32(0.5)


def run_calotype(binary, model, precision, x, seconds):
    """Median seconds and the output."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        x.tofile(folder / "x.f32")
        shape = ",".join(map(str, x.shape))
        ran = subprocess.run([str(binary), str(model), "cudnn", precision, "0", str(seconds), str(folder / "out"),
                              f"x={folder / 'x.f32'}:{shape}"], capture_output=True, text=True)
        if ran.returncode:
            raise RuntimeError(ran.stderr.strip())
        return json.loads(ran.stdout)["median_ms"] / 1000, np.fromfile(folder / "out.y.f32", np.float32)


def run_torch(model, precision, x, seconds):
    import torch
    from torch_network import TorchNetwork

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    network = TorchNetwork(model, "cuda", dtype)
    host_in = torch.from_numpy(x).pin_memory()
    device_in = host_in.cuda()

    def convert_and_run():
        return network(device_in.to(dtype, memory_format=torch.channels_last)).float().contiguous()

    with torch.inference_mode():
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            for _ in range(3):
                convert_and_run()
        side.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            device_out = convert_and_run()
        host_out = torch.empty(device_out.shape, dtype=torch.float32, pin_memory=True)

        def once():
            device_in.copy_(host_in, non_blocking=True)
            graph.replay()
            host_out.copy_(device_out, non_blocking=True)
            torch.cuda.synchronize()

        once()
        times, end = [], time.perf_counter() + seconds
        while time.perf_counter() < end or len(times) < 3:
            start = time.perf_counter()
            once()
            times.append(time.perf_counter() - start)
    torch.cuda.empty_cache()  # the next process needs the memory
    return statistics.median(times), host_out.numpy().ravel().copy()


def measure(runners, models, precision, batch, options):
    """Seconds of each network with each runner, and how far their results are apart; None where one failed."""
    rows = {}
    for name in CHANNELS:
        x, row, outputs = test_input(name, batch, options.side), {}, []
        for runner, run in runners.items():
            try:
                row[runner], output = run(models / f"{name}.onnx", precision, x, options.seconds)
                outputs.append(output)
            except RuntimeError as error:  # of memory, say
                print(f"{runner}, {name}, {precision}, batch {batch}: {error}")
                row[runner] = None
        if len(outputs) == 2:
            row["difference"] = float(np.abs(outputs[0] - outputs[1]).max() / np.abs(outputs[1]).max())
        print(precision, batch, name, row, flush=True)
        rows[name] = row
    return rows


def speed(rows, names, runner, megapixels):
    times = [rows[name].get(runner) for name in names]
    return None if None in times else megapixels / sum(times)


def markdown(results):
    def number(value):
        return "–" if value is None else f"{value:.0f}" if value >= 10 else f"{value:.2f}"

    runners = results["runners"]
    lines = ["# Speed on a GPU\n",
             f"Written by `bench/gpu.py`: megapixels per second of the learned codec's networks on {results['device']}, tiles of "
             f"{results['side']} x {results['side']} pixels, the way of floating-point tensors to the device and back included, "
             "entropy coding not. Medians. fp32 is without TF32.\n",
             "| precision | batch | direction | " + " | ".join(runners) + " |",
             "| --- | --: | --- |" + " --: |" * len(runners)]
    lines += [f"| {run['precision']} | {run['batch']} | {direction} | " +
              " | ".join(number(run[direction].get(runner)) for runner in runners) + " |"
              for run in results["runs"] for direction in ("encode", "decode")]
    lines += ["\n" + results["versions"]]
    if len(runners) > 1:
        worst = {run["precision"]: max([row.get("difference", 0) for row in run["networks"].values()])
                 for run in results["runs"]}
        lines += ["\nLargest difference between the two, relative to the largest output: " +
                  ", ".join(f"{precision} {value:.1e}" for precision, value in worst.items()) + "."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", help="of calotype and run_network")
    parser.add_argument("--side", type=int, default=1024, help="of a tile; a multiple of 64")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--precisions", nargs="+", default=["fp16", "bf16", "fp32"])
    parser.add_argument("--seconds", type=float, default=2, help="for each network")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/results")
    options = parser.parse_args()

    engine = cudnn_engine(options.bin / "calotype")
    if not engine["devices"]:
        parser.error(f"no device: {engine['version']}")
    runners = {"calotype": lambda *arguments: run_calotype(options.bin / "run_network", *arguments)}
    versions = f"calotype: {engine['version']}."
    try:
        import onnx  # noqa: F401
        import torch
        if torch.cuda.is_available():
            runners["PyTorch"] = run_torch
            versions += f" PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}."
    except ImportError:
        pass
    if len(runners) == 1:
        versions += " PyTorch with CUDA and onnx were not installed."

    runs = []
    for precision in options.precisions:
        for batch in options.batches:
            rows = measure(runners, ROOT / "assets/models/latent", precision, batch, options)
            megapixels = batch * options.side**2 / 1e6
            runs.append({"precision": precision, "batch": batch, "networks": rows,
                         **{direction: {runner: speed(rows, names, runner, megapixels) for runner in runners}
                            for direction, names in (("encode", ENCODER), ("decode", DECODER))}})
    results = {"device": engine["devices"][0]["description"], "side": options.side, "runners": list(runners),
               "versions": versions, "runs": runs}
    publish(options.out, "gpu", results, markdown(results))


if __name__ == "__main__":
    main()

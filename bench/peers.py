# SPDX-License-Identifier: Apache-2.0
"""Runs one network on one of the programs that Calotype's engines are compared with. The command line, the answers and
the way of measuring are those of run_network.cpp; bench/engines.py drives both.

    python3 bench/peers.py FILE.onnx PEER PRECISION THREADS SECONDS OUT NAME=IN.f32:N,C,H,W ...

Peers get and return floats in NCHW order, as engines do. To import one counts neither as load time nor as memory.
"""
import json
import pathlib
import sys
import time

import numpy as np

# Each prepares what is not to be measured and returns a function that loads, which returns a function that runs.


def onnxruntime(path, precision, threads, inputs):
    import onnx
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
    for value in onnx.load(path).graph.input:
        for dim, size in zip(value.type.tensor_type.shape.dim, inputs[value.name].shape):
            if dim.dim_param:
                options.add_free_dimension_override_by_name(dim.dim_param, size)

    def load():
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return lambda: dict(zip(names, session.run(names, inputs)))

    return load


def openvino(path, precision, threads, inputs):
    import openvino as ov

    core = ov.Core()
    settings = {"INFERENCE_PRECISION_HINT": {"fp32": "f32"}.get(precision, precision), "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}

    def load():
        model = core.read_model(path)
        names = [output.any_name for output in model.outputs]
        model.reshape({name: array.shape for name, array in inputs.items()})
        request = core.compile_model(model, "CPU", settings).create_infer_request()
        for name, array in inputs.items():
            request.set_tensor(name, ov.Tensor(array, shared_memory=True))

        def run():
            request.infer()
            return {name: request.get_output_tensor(i).data for i, name in enumerate(names)}

        return run

    return load


def pytorch(path, precision, threads, inputs):
    """Frozen TorchScript, channels last: faster here than eager mode, autocast and optimize_for_inference."""
    import torch
    from onnx_to_torch import Network

    torch.set_num_threads(threads)
    layout = {"dtype": {"fp32": torch.float32, "bf16": torch.bfloat16}[precision], "memory_format": torch.channels_last}

    @torch.inference_mode()
    def load():
        network = Network(path).eval().to(**layout)
        names = network.outputs
        arrays = [torch.from_numpy(inputs[name]) for name in network.inputs]

        def convert():
            return [array.to(**layout) for array in arrays]

        network = torch.jit.freeze(torch.jit.trace(network, convert(), check_trace=False).eval())

        @torch.inference_mode()
        def run():
            return {name: y.float().contiguous().numpy() for name, y in zip(names, network(*convert()))}

        return run

    return load


PEERS = {"onnxruntime": onnxruntime, "openvino": openvino, "pytorch": pytorch}


def read_input(argument):
    name, rest = argument.split("=", 1)
    file, shape = rest.rsplit(":", 1)
    return name, np.fromfile(file, np.float32).reshape([int(side) for side in shape.split(",")])


def peak_megabytes():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(run, seconds):
    """Sorted times of at least one run, after one that warms up."""
    run()
    times, until = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < until:
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return sorted(times)


def main():
    if len(sys.argv) < 8:
        sys.exit(__doc__)
    path, peer, precision, threads, seconds, out = sys.argv[1:7]
    load = PEERS[peer](path, precision, int(threads), dict(map(read_input, sys.argv[7:])))
    before, start = peak_megabytes(), time.perf_counter()
    run = load()
    loaded = time.perf_counter()
    outputs = run()
    first = time.perf_counter()
    if out != "-":
        for name, array in outputs.items():
            np.asarray(array, np.float32).tofile(f"{out}.{name}.f32")
    for line in sys.stdin if seconds == "-" else [seconds]:
        times = measure(run, float(line))
        print(json.dumps({"engine": peer, "device": "cpu", "precision": precision, "load_ms": 1e3 * (loaded - start),
                          "first_ms": 1e3 * (first - loaded), "best_ms": 1e3 * times[0],
                          "median_ms": 1e3 * times[len(times) // 2], "runs": len(times),
                          "memory_mb": peak_megabytes() - before}), flush=True)


if __name__ == "__main__":
    main()

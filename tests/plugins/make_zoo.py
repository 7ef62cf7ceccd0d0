# SPDX-License-Identifier: Apache-2.0
"""Writes tests/plugins/networks/zoo: the networks of bench/zoo_networks.py in little width, and expected.yml, what ONNX
Runtime makes of them, and how far from that it is with weights and inputs of bf16: networks that nobody has trained may be of
any condition. Needs bench/requirements.txt; run it only to change the data."""

import itertools
import pathlib
import sys

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "bench"))
from zoo_networks import FAMILIES, export  # noqa: E402

ZOO = pathlib.Path(__file__).parent / "networks/zoo"
HALVED = 64  # weights of so many numbers and more are stored as halves
# Attributes that say what holds without them; OpenCV wants to read the kernel.
DEFAULTS = {"dilations": {1}, "strides": {1}, "pads": {0}, "group": {1}, "ceil_mode": {0}, "alpha": {1.0}, "beta": {1.0}, "transA": {0}}
WEIGHTED = "Conv", "ConvTranspose", "Gemm", "MatMul"


def drop_defaults(node):
    kept = [a for a in node.attribute
            if a.name not in DEFAULTS or node.op_type in ("Elu", "HardSigmoid", "LRN")
            or not set(np.atleast_1d(helper.get_attribute_value(a)).tolist()) <= DEFAULTS[a.name]]
    del node.attribute[:]
    node.attribute.extend(kept)


def share_constants(graph):
    """Exporters write them anew for every reader."""
    first, names = {}, {}
    for node in list(graph.node):
        node.input[:] = [names.get(name, name) for name in node.input]
        if node.op_type == "Constant":
            value = node.attribute[0].SerializeToString()
            if value in first:
                names[node.output[0]] = first[value]
                graph.node.remove(node)
            else:
                first[value] = node.output[0]


def halve_weights(graph):
    read = {node.input[1]: node for node in graph.node if node.op_type in WEIGHTED}
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.name in read and values.size >= HALVED:
            read[tensor.name].input[1] = tensor.name + "/full"
            graph.node.insert(0, helper.make_node("Cast", [tensor.name], [tensor.name + "/full"], to=onnx.TensorProto.FLOAT))
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), tensor.name))


def shorten_names(graph):
    """Of values and nodes."""
    names = {"": "", "x": "x", "y": "y"}
    short = (f"{letter}{number}" for number in itertools.count() for letter in "abcdefghijklmnopqrstuvw")
    for tensor in graph.initializer:
        tensor.name = names.setdefault(tensor.name, next(short))
    for i, node in enumerate(graph.node):
        node.name = f"n{i}"
        for values in (node.input, node.output):
            values[:] = [names.get(name) or names.setdefault(name, next(short)) for name in values]


def small(family):
    path = ZOO / f"{family.name}.onnx"
    export(family, path, small=True)
    model = onnx.load(path)
    for node in model.graph.node:
        drop_defaults(node)
    share_constants(model.graph)
    halve_weights(model.graph)
    shorten_names(model.graph)
    del model.graph.value_info[:]
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())
    return path


def picture(shape):
    """What zoo_test.cpp makes too."""
    mixed = np.arange(np.prod(shape), dtype=np.uint32) * np.uint32(2654435761)
    return ((mixed >> 8).astype(np.float32) / np.float32(2**23) - 1).reshape(shape)


def to_bf16(values):
    """The nearest numbers of bf16."""
    bits = np.asarray(values, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def with_bf16_weights(path):
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype in (np.float32, np.float16):
            full = next((n for n in model.graph.node if n.op_type == "Cast" and n.input[0] == tensor.name), None)
            if full is not None:  # halves hold less than bf16 does
                model.graph.node.remove(full)
                tensor.CopyFrom(numpy_helper.from_array(to_bf16(values), full.output[0]))
            else:
                tensor.CopyFrom(numpy_helper.from_array(to_bf16(values), tensor.name))
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def main():
    ZOO.mkdir(parents=True, exist_ok=True)
    expected = cv2.FileStorage(str(ZOO / "expected.yml"), cv2.FILE_STORAGE_WRITE_BASE64)
    for family in FAMILIES:
        path = small(family)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        rounded = with_bf16_weights(path)
        channels, height, width = family.small_size
        shapes = [(1, channels, height, width), (3, channels, height, width)]
        if family.small_odd:
            shapes.append((1, channels, *family.small_odd))
        expected.startWriteStruct(family.name, cv2.FILE_NODE_SEQ)
        for shape in shapes:
            y, = session.run(["y"], {"x": picture(shape)})
            z, = rounded.run(["y"], {"x": to_bf16(picture(shape))})
            expected.startWriteStruct("", cv2.FILE_NODE_MAP)
            expected.write("input", np.array([shape], np.int32))
            expected.write("output", y.reshape(1, -1))
            expected.write("bf16", float(np.linalg.norm(z - y) / np.linalg.norm(y)))
            expected.endWriteStruct()
        expected.endWriteStruct()
        print(family.name, path.stat().st_size, y.shape, f"{y.std():.3g}", flush=True)
    expected.release()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Writes tests/plugins/data. Needs numpy, Pillow (with OpenJPEG) and onnx; run it only to change the data."""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data
from PIL import Image

DATA = pathlib.Path(__file__).parent / "data"


def pictures():
    ramp = np.arange(35, dtype=np.uint8).reshape(5, 7) * 7
    Image.fromarray(np.stack([ramp, 255 - ramp, ramp // 2], -1)).save(DATA / "colour.jp2")


def save(name, nodes, outputs, initializers=(), channels=3):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, channels, "height", "width"])
    shape = [1, None, None, None]
    outputs = [helper.make_tensor_value_info(o, TensorProto.FLOAT, shape) for o in outputs]
    graph = helper.make_graph(nodes, name, [x], outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="calotype tests")
    model.ir_version = 8
    (DATA / f"{name}.onnx").write_bytes(model.SerializeToString())


def point_into(whole, name):
    """The same network, its weights being where the network `whole` holds them."""
    data = (DATA / f"{whole}.onnx").read_bytes()
    model = onnx.load_from_string(data)
    for tensor in model.graph.initializer:
        offset = data.index(tensor.SerializeToString()) + tensor.SerializeToString().rindex(tensor.raw_data)
        set_external_data(tensor, f"{whole}.onnx", offset, len(tensor.raw_data))
        tensor.ClearField("raw_data")
    (DATA / f"{name}.onnx").write_bytes(model.SerializeToString())


def networks():
    index = np.arange(4 * 3 * 3 * 3).reshape(4, 3, 3, 3)
    weights = ((index % 7 - 3) / 4).astype(np.float16)
    bias = (np.arange(4) / 8).astype(np.float32)
    conv = dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2])
    node = helper.make_node
    # "positive" = relu(c) and "both" = [c / (1 + |c|), 2 c], c being a convolution; weights are stored as fp16.
    save(
        "small",
        [
            node("Cast", ["weights16"], ["weights"], to=TensorProto.FLOAT),
            node("Conv", ["x", "weights", "bias"], ["c"], name="conv", **conv),
            node("Relu", ["c"], ["positive"]),
            node("Abs", ["c"], ["magnitude"]),
            node("Add", ["magnitude", "one"], ["divisor"]),
            node("Div", ["c", "divisor"], ["squashed"]),
            node("Mul", ["c", "two"], ["doubled"]),
            node("Concat", ["squashed", "doubled"], ["both"], axis=1),
        ],
        ["positive", "both"],
        [
            numpy_helper.from_array(weights, "weights16"),
            numpy_helper.from_array(bias, "bias"),
            numpy_helper.from_array(np.ones((1, 4, 1, 1), np.float32), "one"),
            numpy_helper.from_array(np.full((1, 4, 1, 1), 2, np.float32), "two"),
        ],
    )
    point_into("small", "external")
    # a = 32 multiples of the channels of x; b = a / n(a) + a; y = 3 channels of b / n(b), with n(v) = relu(|v| / 2 + 1) + 0.05.
    spread = np.zeros((32, 3, 1, 1), np.float32)
    spread[np.arange(32), np.arange(32) % 3] = (np.arange(32) % 5 - 2)[:, None, None] / 2
    half = np.eye(32, dtype=np.float32)[..., None, None] / 2
    choose = np.eye(32, dtype=np.float32)[3:6, :, None, None]
    nodes = [node("Conv", ["x", "spread"], ["a"])]
    for v, quotient in ("a", "b0"), ("b", "b1"):
        nodes += [
            node("Abs", [v], [v + "_size"]),
            node("Conv", [v + "_size", "half", "ones"], [v + "_sum"]),
            node("Relu", [v + "_sum"], [v + "_positive"]),
            node("Add", [v + "_positive", "little"], [v + "_norm"]),
            node("Div", [v, v + "_norm"], [quotient]),
        ]
        if v == "a":
            nodes.append(node("Add", ["b0", "a"], ["b"]))
    nodes.append(node("Conv", ["b1", "choose"], ["y"]))
    save(
        "normalised",
        nodes,
        ["y"],
        [
            numpy_helper.from_array(spread, "spread"),
            numpy_helper.from_array(half, "half"),
            numpy_helper.from_array(choose, "choose"),
            numpy_helper.from_array(np.ones(32, np.float32), "ones"),
            numpy_helper.from_array(np.full((1, 1, 1, 1), 0.05, np.float32), "little"),
        ],
    )
    # y = a transposed convolution of a grouped one of 8 multiples of the channels of x.
    rng = np.random.default_rng(1)
    save(
        "grouped",
        [
            node("Conv", ["x", "spread"], ["a"], kernel_shape=[1, 1]),
            node("Conv", ["a", "grouped", "bias"], ["b"], group=2, kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            node("LeakyRelu", ["b"], ["c"], alpha=0.125),
            node("ConvTranspose", ["c", "up"], ["y"], kernel_shape=[4, 4], pads=[1, 1, 1, 1], strides=[2, 2]),
        ],
        ["y"],
        [
            numpy_helper.from_array(spread[:8], "spread"),
            numpy_helper.from_array(rng.integers(-4, 5, (8, 4, 3, 3)).astype(np.float32) / 8, "grouped"),
            numpy_helper.from_array(np.arange(8, dtype=np.float32) / 8, "bias"),
            numpy_helper.from_array(rng.integers(-4, 5, (8, 3, 4, 4)).astype(np.float32) / 8, "up"),
        ],
    )
    # Kernels of three strides or less, of more channels than vectors are long, at borders that differ.
    wide = np.zeros((40, 3, 1, 1), np.float32)
    wide[np.arange(40), np.arange(40) % 3] = (np.arange(40) % 5 - 2)[:, None, None] / 2

    def some(*dims):
        return (rng.integers(-4, 5, dims) / 64).astype(np.float16)

    save(
        "filtered",
        [
            *(node("Cast", [f"h{i}"], [f"w{i}"], to=TensorProto.FLOAT) for i in range(7)),
            node("Conv", ["x", "wide"], ["a"], kernel_shape=[1, 1]),
            node("Conv", ["a", "w0", "bias"], ["b"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            node("LeakyRelu", ["b"], ["c"], alpha=0.125),
            node("Conv", ["c", "w1"], ["d"], kernel_shape=[3, 3], pads=[0, 2, 2, 0]),
            node("Add", ["c", "d"], ["e"]),
            node("Conv", ["e", "w2"], ["f"], kernel_shape=[5, 5], pads=[2, 1, 2, 3], strides=[2, 2]),
            node("Relu", ["f"], ["g"]),
            node("Conv", ["g", "w3"], ["h"], kernel_shape=[4, 5], pads=[2, 3, 1, 2], strides=[2, 2]),
            node("ConvTranspose", ["h", "w4"], ["i"], kernel_shape=[5, 5], pads=[2, 2, 2, 2], output_padding=[1, 1], strides=[2, 2]),
            node("Conv", ["i", "w5"], ["plain"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            node("ConvTranspose", ["i", "w6"], ["y"], kernel_shape=[6, 6], pads=[2, 2, 2, 2], strides=[2, 2]),
        ],
        ["plain", "y"],
        [
            numpy_helper.from_array(wide, "wide"),
            numpy_helper.from_array(np.arange(40, dtype=np.float32) / 64, "bias"),
            numpy_helper.from_array(some(40, 40, 3, 3), "h0"),
            numpy_helper.from_array(some(40, 40, 3, 3), "h1"),
            numpy_helper.from_array(some(20, 40, 5, 5), "h2"),
            numpy_helper.from_array(some(32, 20, 4, 5), "h3"),
            numpy_helper.from_array(some(32, 20, 5, 5), "h4"),
            numpy_helper.from_array(some(20, 20, 3, 3), "h5"),
            numpy_helper.from_array(some(20, 5, 6, 6), "h6"),
        ],
    )
    # A picture made by two transposed convolutions, and something else of what is between them.
    save(
        "linear",
        [
            node("ConvTranspose", ["x", "up", "bias"], ["a"], kernel_shape=[4, 4], pads=[1, 1, 1, 1], strides=[2, 2]),
            node("ConvTranspose", ["a", "picture"], ["y"], kernel_shape=[4, 4], strides=[4, 4]),
            node("ConvTranspose", ["a", "more"], ["b"], kernel_shape=[4, 4], pads=[1, 1, 1, 1], strides=[2, 2]),
            node("Relu", ["b"], ["positive"]),
        ],
        ["y", "positive"],
        [
            numpy_helper.from_array(rng.standard_normal((32, 40, 4, 4)).astype(np.float32), "up"),
            numpy_helper.from_array(np.arange(40, dtype=np.float32) / 64, "bias"),
            numpy_helper.from_array(rng.integers(-4, 5, (40, 3, 4, 4)).astype(np.float32) / 64, "picture"),
            numpy_helper.from_array(rng.integers(-4, 5, (40, 20, 4, 4)).astype(np.float32) / 64, "more"),
        ],
        channels=32,
    )
    far = dict(kernel_shape=[1, 1], strides=[1, 1 << 27])
    save("vast_stride", [node("Conv", ["x", "spread"], ["y"], **far)], ["y"], [numpy_helper.from_array(spread[:8], "spread")])
    nothing = [numpy_helper.from_array(np.zeros((0, 3, 1, 1), np.float32), "none"), numpy_helper.from_array(np.zeros((8, 0, 1, 1), np.float32), "of_none")]
    save("no_channels", [node("Conv", ["x", "none"], ["a"]), node("Conv", ["a", "of_none"], ["y"])], ["y"], nothing)
    save("unknown_operator", [node("NonZero", ["x"], ["y"], name="odd_one")], ["y"])


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    pictures()
    networks()

# SPDX-License-Identifier: Apache-2.0
"""Writes tests/plugins/data and networks. Needs numpy, Pillow (with OpenJPEG), onnx and flatbuffers; run it only to change
the data."""

import pathlib
import struct

import flatbuffers
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data
from PIL import Image

DATA = pathlib.Path(__file__).parent / "data"
NETWORKS = pathlib.Path(__file__).parent / "networks"  # in formats that only some engines read


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
    # For the documentation: twice as large, and a little sharper.
    sharpen = np.tile(np.array([[0, -1, 0], [-1, 8, -1], [0, -1, 0]], np.float32) / 4, (3, 1, 1, 1))
    save(
        "upscale",
        [
            node("Resize", ["x", "", "scales"], ["large"], mode="linear"),
            node("Conv", ["large", "sharpen"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=3),
        ],
        ["y"],
        [numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales"), numpy_helper.from_array(sharpen, "sharpen")],
    )
    save("unknown_operator", [node("Det", ["x"], ["y"], name="odd_one")], ["y"])


def tensorflow_lite(file, operation):
    """y = relu(convolution of x) where operation is 3, N,H,W,C with free height and width. Numbers of fields are those of
    https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs"""
    to = flatbuffers.Builder()

    def offsets(items):
        to.StartVector(4, len(items), 4)
        for item in reversed(items):
            to.PrependUOffsetTRelative(item)
        return to.EndVector()

    def integers(items):
        return to.CreateNumpyVector(np.array(items, np.int32))

    def table(**fields):
        """Each is called KIND_NUMBER: a byte, an integer, or anything else by reference."""
        to.StartObject(1 + max(int(name.split("_")[1]) for name in fields))
        put = {"byte": to.PrependInt8Slot, "int": to.PrependInt32Slot, "ref": to.PrependUOffsetTRelativeSlot}
        for name, value in fields.items():
            kind, number = name.split("_")
            put[kind](int(number), value, 0)
        return to.EndObject()

    weights = ((np.arange(4 * 3 * 3 * 3) % 7 - 3) / 4).astype(np.float32)  # output, row, column, input
    bias = (np.arange(4) / 8).astype(np.float32)
    buffers = [to.CreateNumpyVector(np.frombuffer(data, np.uint8)) for data in (b"", weights.tobytes(), bias.tobytes())]
    buffers = [table(ref_0=data) for data in buffers]
    tensors = []
    for name, shape, buffer in ("x", [1, -1, -1, 3], 0), ("w", [4, 3, 3, 3], 1), ("b", [4], 2), ("y", [1, -1, -1, 4], 0):
        now, free = integers(np.abs(shape)), integers(shape)
        tensors.append(table(ref_0=now, int_2=buffer, ref_3=to.CreateString(name), ref_7=free))
    convolution = table(int_1=1, int_2=1, byte_3=1, int_4=1, int_5=1)  # padding as x, strides, relu, no dilation
    operator = table(ref_1=integers([0, 1, 2]), ref_2=integers([3]), byte_3=1, ref_4=convolution)
    graph = table(ref_0=offsets(tensors), ref_1=integers([0]), ref_2=integers([3]), ref_3=offsets([operator]))
    code = table(byte_0=operation, int_2=1, int_3=operation)
    model = table(int_0=3, ref_1=offsets([code]), ref_2=offsets([graph]), ref_4=offsets(buffers))
    to.Finish(model, b"TFL3")
    (NETWORKS / f"{file}.tflite").write_bytes(to.Output())


def paddle():
    """y = relu(x + b). Numbers of fields are those of
    https://github.com/PaddlePaddle/Paddle/blob/develop/paddle/fluid/framework/framework.proto"""

    def varint(n):
        n &= (1 << 64) - 1
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)

    def integer(number, n):
        return varint(number << 3) + varint(n)

    def message(number, *parts):
        payload = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
        return varint(number << 3 | 2) + varint(len(payload)) + payload

    def description(dims):
        return integer(1, 5) + b"".join(integer(2, dim) for dim in dims)  # fp32

    def variable(name, kind, dims=None, kept=0):
        shape = message(3, message(1, description(dims))) if dims else b""
        return message(3, message(1, name), message(2, integer(1, kind), shape), integer(3, kept))

    def operator(kind, inputs, outputs, **attributes):
        parts = [message(side, message(1, name), message(2, value)) for side, named in ((1, inputs), (2, outputs)) for name, value in named.items()]
        attributes = [message(4, message(1, name), integer(2, 0), integer(3, value)) for name, value in attributes.items()]
        return message(4, *parts, message(3, kind), *attributes)

    any_size = [-1, 3, -1, -1]
    block = [
        *(integer(1, 0), integer(2, -1), variable("feed", 9), variable("fetch", 10)),
        *(variable("x", 7, any_size), variable("sum", 7, any_size), variable("y", 7, any_size), variable("b", 7, [3, 1, 1], kept=1)),
        operator("feed", {"X": "feed"}, {"Out": "x"}, col=0),
        operator("elementwise_add", {"X": "x", "Y": "b"}, {"Out": "sum"}, axis=1),
        operator("relu", {"X": "sum"}, {"Out": "y"}),
        operator("fetch", {"X": "y"}, {"Out": "fetch"}, col=0),
    ]
    (NETWORKS / "small.pdmodel").write_bytes(message(1, *block) + message(4, integer(1, 2_000_000)))
    dims = description([3, 1, 1])
    weights = np.array([0.5, -0.5, 1], np.float32).tobytes()
    (NETWORKS / "small.pdiparams").write_bytes(struct.pack("<IQIi", 0, 0, 0, len(dims)) + dims + weights)


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    NETWORKS.mkdir(exist_ok=True)
    pictures()
    networks()
    tensorflow_lite("small", 3)
    tensorflow_lite("unknown_operator", 80)
    paddle()

# SPDX-License-Identifier: Apache-2.0
"""An ONNX file of our few operators as a PyTorch module."""
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


def _symmetric(pads):
    half = len(pads) // 2
    if pads[:half] != pads[half:]:
        raise ValueError(f"uneven padding {pads}")
    return pads[:half]


def _conv(a):
    pads, strides, group = _symmetric(a.get("pads", [0, 0, 0, 0])), a.get("strides", [1, 1]), a.get("group", 1)
    dilations = a.get("dilations", [1, 1])
    return lambda x, w, b=None: F.conv2d(x, w, b, strides, pads, dilations, group)


def _conv_transpose(a):
    pads, strides, group = _symmetric(a.get("pads", [0, 0, 0, 0])), a.get("strides", [1, 1]), a.get("group", 1)
    more = a.get("output_padding", [0, 0])
    return lambda x, w, b=None: F.conv_transpose2d(x, w, b, strides, pads, more, group)


def _depth_to_space(a):
    def rearrange(x):
        if a.get("mode", b"DCR") == b"CRD":
            return F.pixel_shuffle(x, a["blocksize"])
        size, (n, c, h, w) = a["blocksize"], x.shape
        x = x.reshape(n, size, size, c // size**2, h, w).permute(0, 3, 4, 1, 5, 2)
        return x.reshape(n, c // size**2, h * size, w * size)
    return rearrange


_OPERATORS = {
    "Abs": lambda a: torch.abs,
    "Add": lambda a: torch.add,
    "AveragePool": lambda a: lambda x: F.avg_pool2d(x, a["kernel_shape"], a["strides"], _symmetric(a["pads"])),
    "Cast": lambda a: lambda x: x.float(),
    "Clip": lambda a: lambda x, low=None, high=None: torch.clamp(x, low, high),
    "Concat": lambda a: lambda *x: torch.cat(x, a["axis"]),
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "DepthToSpace": _depth_to_space,
    "Div": lambda a: torch.div,
    "Identity": lambda a: lambda x: x,
    "LeakyRelu": lambda a: lambda x: F.leaky_relu(x, a.get("alpha", 0.01)),
    "Mul": lambda a: torch.mul,
    "Relu": lambda a: F.relu,
    "Sigmoid": lambda a: torch.sigmoid,
    "Sub": lambda a: torch.sub,
}


class Network(torch.nn.Module):
    """Takes the inputs in the order of the file and returns a tuple of its outputs. What depends on weights alone is
    computed once."""

    def __init__(self, path):
        super().__init__()
        graph = onnx.load(path).graph
        constants = {t.name: torch.from_numpy(np.array(numpy_helper.to_array(t))) for t in graph.initializer}
        self.inputs = [i.name for i in graph.input if i.name not in constants]
        self.outputs = [o.name for o in graph.output]
        self.steps = []
        for node in graph.node:
            if node.op_type not in _OPERATORS:
                raise ValueError(f"{path}: no PyTorch equivalent of operator {node.op_type}")
            function = _OPERATORS[node.op_type]({a.name: onnx.helper.get_attribute_value(a) for a in node.attribute})
            if all(name in constants for name in node.input):
                constants[node.output[0]] = function(*(constants[name] for name in node.input))
            else:
                self.steps.append((function, list(node.input), node.output[0]))
        needed = {name for _, names, _ in self.steps for name in names} & constants.keys()
        self.slots = {name: f"constant{i}" for i, name in enumerate(sorted(needed))}
        for name, slot in self.slots.items():
            self.register_buffer(slot, constants[name])

    def forward(self, *inputs):
        values = {name: getattr(self, slot) for name, slot in self.slots.items()}
        values.update(zip(self.inputs, inputs))
        for function, names, output in self.steps:
            values[output] = function(*(values[name] for name in names))
        return tuple(values[name] for name in self.outputs)

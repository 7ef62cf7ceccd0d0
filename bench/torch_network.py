# SPDX-License-Identifier: Apache-2.0
"""ONNX files of this project's networks in PyTorch: the peer that bench/gpu.py measures against."""
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


class TorchNetwork:
    """The network's only input is "x"; calling it gives the first output."""

    def __init__(self, path, device, dtype):
        graph = onnx.load(str(path)).graph
        self.constants = {t.name: self._tensor(t, device, dtype) for t in graph.initializer}
        self.nodes = []
        for node in graph.node:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Constant":
                self.constants[node.output[0]] = self._tensor(attributes["value"], device, dtype)
            elif node.op_type == "Cast":  # of weights
                self.constants[node.output[0]] = self.constants[node.input[0]]
            else:
                self.nodes.append((node.op_type, list(node.input), node.output[0], attributes))
        self.output = graph.output[0].name

    @staticmethod
    def _tensor(proto, device, dtype):
        tensor = torch.from_numpy(numpy_helper.to_array(proto).copy()).to(device, dtype)
        return tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor

    def __call__(self, x):
        values = {**self.constants, "x": x}
        for op, inputs, output, attributes in self.nodes:
            values[output] = self._run(op, [values[name] for name in inputs], attributes)
        return values[self.output]

    @staticmethod
    def _run(op, inputs, attributes):
        if op in ("Conv", "ConvTranspose"):
            pads = attributes.get("pads", [0, 0, 0, 0])
            if pads[:2] != pads[2:]:
                raise NotImplementedError(f"{op} with pads {pads}")
            options = dict(stride=attributes.get("strides", [1, 1]), padding=pads[:2],
                           dilation=attributes.get("dilations", [1, 1]), groups=attributes.get("group", 1))
            if op == "Conv":
                return F.conv2d(*inputs, **options)
            return F.conv_transpose2d(*inputs, output_padding=attributes.get("output_padding", [0, 0]), **options)
        plain = {"Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div, "Relu": F.relu, "Abs": torch.abs,
                 "Identity": lambda v: v}
        if op not in plain:
            raise NotImplementedError(f"operator {op}")
        return plain[op](*inputs)

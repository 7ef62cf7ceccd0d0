# SPDX-License-Identifier: Apache-2.0
"""Writes ONNX files: plain operations, weights in half precision, any height and width."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """One input x; outputs: the channels of one output y, or {name: shape}."""
    def __init__(self, name, inputs, outputs, half=True):
        outputs = outputs if isinstance(outputs, dict) else dict(y=['n', outputs, 'H', 'W'])
        self.name, self.half, self.nodes, self.weights, self.count = name, half, [], [], 0
        self.inputs = [helper.make_tensor_value_info('x', TensorProto.FLOAT, ['n', inputs, 'h', 'w'])]
        self.outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in outputs.items()]

    def op(self, kind, *inputs, out=None, **attributes):
        self.count += 1
        out = out or f'{kind.lower()}{self.count}'
        self.nodes.append(helper.make_node(kind, list(inputs), [out], name=out, **attributes))
        return out

    def constant(self, value):
        self.count += 1
        self.weights.append(numpy_helper.from_array(np.float32(value).reshape(1), f'constant{self.count}'))
        return f'constant{self.count}'

    def weight(self, name, value):
        """A float32 array, kept in half precision unless told otherwise."""
        value = np.ascontiguousarray(value)
        if not self.half:
            self.weights.append(numpy_helper.from_array(value.astype(np.float32), name))
            return name
        assert np.abs(value).max() < 60000
        self.weights.append(numpy_helper.from_array(value.astype(np.float16), name))
        return self.op('Cast', name, to=TensorProto.FLOAT)

    def relu(self, x):
        return self.op('Relu', x)

    def save(self, path):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 11)], producer_name='calotype')
        model.ir_version = 6
        onnx.checker.check_model(model)
        onnx.save(model, path)

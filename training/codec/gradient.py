# SPDX-License-Identifier: Apache-2.0
"""Reverse-mode differentiation of a plain ONNX graph, as another plain ONNX graph.

    differentiate(synthesis) -> model with inputs x (latents) and target (picture) and outputs
        error     = synthesis(x) - target
        gradient  = d sum(error^2) / dx

python -m codec.gradient FOLDER makes synthesis_gradient.onnx of an exported folder again, and its checksum.

The encoder's slow efforts follow this gradient on any engine. Knows Conv, ConvTranspose, Relu, Abs, Add, Sub, Mul, Div: what the
synthesis is made of. Shapes must be such that a convolution's transpose restores its input's size, as they are here.
"""
import argparse
import os

import onnx
from onnx import helper
from onnx.external_data_helper import set_external_data

from common.manifest import renew_checksum

TINY = 1e-12


class Reverse:
    def __init__(self, graph):
        self.graph, self.nodes, self.constants, self.count = graph, list(graph.node), [], 0
        self.made = {o: n for n in graph.node for o in n.output}
        self.grads = {}
        fixed = {i.name for i in graph.initializer}
        self.depends = {graph.input[0].name}
        for n in graph.node:
            if any(i in self.depends for i in n.input):
                self.depends.update(n.output)
        self.fixed = fixed

    def emit(self, op, *inputs, **attributes):
        self.count += 1
        out = f'grad_{self.count}'
        self.nodes.append(helper.make_node(op, list(inputs), [out], name=f'{op}_{out}', **attributes))
        return out

    def constant(self, value):
        name = f'grad_constant_{len(self.constants)}'
        self.constants.append(helper.make_tensor(name, onnx.TensorProto.FLOAT, [1], [value]))
        return name

    def add(self, name, grad):
        if name in self.depends:
            self.grads[name] = self.emit('Add', self.grads[name], grad) if name in self.grads else grad

    def step(self, node, g):
        a = {x.name: helper.get_attribute_value(x) for x in node.attribute}
        if node.op_type in ('Conv', 'ConvTranspose'):
            k, s = a['kernel_shape'], a.get('strides', [1, 1])
            same = dict(kernel_shape=k, strides=s, pads=a.get('pads', [0] * 4), group=a.get('group', 1))
            if node.op_type == 'ConvTranspose':
                self.add(node.input[0], self.emit('Conv', g, node.input[1], **same))
            else:                                             # k = s + 2 pad, or k = 2 pad + 1 at stride 1: sizes divide exactly
                self.add(node.input[0], self.emit('ConvTranspose', g, node.input[1], **same))
        elif node.op_type == 'Relu':
            mask = self.emit('Div', node.output[0], self.emit('Add', node.output[0], self.constant(TINY)))      # 1 or 0
            self.add(node.input[0], self.emit('Mul', g, mask))
        elif node.op_type == 'Abs':
            sign = self.emit('Div', node.input[0], self.emit('Add', node.output[0], self.constant(TINY)))
            self.add(node.input[0], self.emit('Mul', g, sign))
        elif node.op_type in ('Add', 'Sub'):
            self.add(node.input[0], g)
            if node.input[1] in self.depends:
                self.add(node.input[1], g if node.op_type == 'Add' else self.emit('Mul', g, self.constant(-1.)))
        elif node.op_type == 'Mul':
            for i in (0, 1):
                if node.input[i] in self.depends:
                    self.add(node.input[i], self.emit('Mul', g, node.input[1 - i]))
        elif node.op_type == 'Identity':
            self.add(node.input[0], g)
        else:
            raise SystemExit(f'cannot differentiate {node.op_type} ({node.name})')


def differentiate(model):
    graph = model.graph
    r = Reverse(graph)
    x, y = graph.input[0].name, graph.output[0].name
    error = r.emit('Sub', y, 'target')
    r.grads[y] = r.emit('Add', error, error)
    for node in reversed(list(graph.node)):
        if any(i in r.depends for i in node.input) and node.output[0] in r.grads:
            r.step(node, r.grads[node.output[0]])
    r.nodes.append(helper.make_node('Identity', [error], ['error'], name='error'))
    r.nodes.append(helper.make_node('Identity', [r.grads[x]], ['gradient'], name='gradient'))
    picture = helper.make_tensor_value_info('target', onnx.TensorProto.FLOAT, ['n', 3, 'H', 'W'])
    outputs = [helper.make_tensor_value_info('error', onnx.TensorProto.FLOAT, ['n', 3, 'H', 'W']),
               helper.make_tensor_value_info('gradient', onnx.TensorProto.FLOAT, ['n', 'M', 'h', 'w'])]
    out = helper.make_graph(r.nodes, 'synthesis_gradient', [graph.input[0], picture], outputs,
                            list(graph.initializer) + r.constants)
    return helper.make_model(out, opset_imports=list(model.opset_import), ir_version=model.ir_version)


def borrow(model, file):
    """Weights that the ONNX file `file` holds too become pointers into it (ONNX external data)."""
    with open(file, 'rb') as f:
        data = f.read()
    for tensor in model.graph.initializer:
        message = tensor.SerializeToString()
        at = data.find(message)
        if tensor.raw_data and at >= 0:
            offset = at + message.rindex(tensor.raw_data)
            set_external_data(tensor, os.path.basename(file), offset, len(tensor.raw_data))
            tensor.ClearField('raw_data')


def write_gradient(folder):
    """synthesis_gradient.onnx beside synthesis.onnx, which keeps the weights of both."""
    synthesis = os.path.join(folder, 'synthesis.onnx')
    model = differentiate(onnx.load(synthesis))
    borrow(model, synthesis)
    path = os.path.join(folder, 'synthesis_gradient.onnx')
    with open(path + '.new', 'wb') as f:
        f.write(model.SerializeToString())
    os.replace(path + '.new', path)  # a running program may have mapped the old one


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('folder')
    a = ap.parse_args()
    write_gradient(a.folder)
    renew_checksum(a.folder, 'synthesis_gradient')


if __name__ == '__main__':
    main()

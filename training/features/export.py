# SPDX-License-Identifier: Apache-2.0
"""Writes the feature network as ONNX, normalisations folded, weights in half precision: python -m features.export CHECKPOINT FILE.onnx.

Input x: RGB, (value - 127) / 128, any size of at least 32. Outputs: pooled (N,1280) and logits (N,1000). The maps that segmentation builds on
are the tensors map2, map4, map8, map16 and map32, named by their stride.
"""
import argparse
import os
import numpy as np
import torch
from common.graph import Graph
from features.model import CLASSES, FEATURES, load, normalised


def folded(convolution):
    """Weight and bias of a convolution with its normalisation."""
    conv, norm = convolution
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return (conv.weight * scale[:, None, None, None]).detach().numpy(), (norm.bias - norm.running_mean * scale).detach().numpy()


class FeatureGraph(Graph):
    def conv(self, x, name, convolution):
        conv, (weight, bias) = convolution[0], folded(convolution)
        return self.op('Conv', x, self.weight(name + '.weight', weight), self.weight(name + '.bias', bias),
                       kernel_shape=list(conv.kernel_size), strides=list(conv.stride), pads=list(conv.padding) * 2)

    def block(self, x, name, block, out):
        y = self.conv(self.relu(self.conv(x, name + '.a', block.a)), name + '.b', block.b)
        skip = x if isinstance(block.skip, torch.nn.Identity) else self.conv(x, name + '.skip', block.skip)
        return self.op('Relu', self.op('Add', y, skip), out=out)


def graph(net):
    g = FeatureGraph('features', 3, dict(pooled=['n', FEATURES], logits=['n', CLASSES]))
    x = g.op('Relu', g.conv('x', 'stem', net.stem), out='map2')
    for s, stage in enumerate(net.stages):
        for i, block in enumerate(stage):
            x = g.block(x, f'stages.{s}.{i}', block, f'map{4 << s}' if i == len(stage) - 1 else None)
    x = g.op('GlobalAveragePool', g.relu(g.conv(x, 'project', net.project)))
    g.op('Flatten', x, out='pooled')
    g.op('Gemm', 'pooled', g.weight('classify.weight', net.classify.weight.detach().numpy()), g.weight('classify.bias', net.classify.bias.detach().numpy()),
         transB=1, out='logits')
    return g


def difference(net, path):
    """Largest difference from PyTorch, relative to the largest output."""
    import onnxruntime
    x = normalised(torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 97, 160, 3), np.uint8)))
    with torch.no_grad():
        wanted = [y.numpy() for y in net(x)]
    made = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider']).run(['pooled', 'logits'], {'x': x.contiguous().numpy()})
    return max(np.abs(m - w).max() / np.abs(w).max() for m, w in zip(made, wanted))


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('checkpoint')
    ap.add_argument('onnx')
    a = ap.parse_args()
    net = load(a.checkpoint).eval()
    graph(net).save(a.onnx)
    print(f'{a.onnx}: {os.path.getsize(a.onnx)} bytes, differs from PyTorch by {difference(net, a.onnx):.2g}')


if __name__ == '__main__':
    main()

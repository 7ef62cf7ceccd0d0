# SPDX-License-Identifier: Apache-2.0
"""Writes a restoring network as ONNX: python -m restore.export CHECKPOINT FOLDER --task TASK; reads it back to train on."""
import argparse
import os
import tempfile
import numpy as np
import torch
from common.data import SOURCE
from common.graph import Graph
from common.manifest import install, write_manifest
from common.trainer import weights
from restore.degrade import TASKS
from restore.model import build


def unshuffled(w):
    """Kernel over pixel-unshuffled planes [O, C 4, k, k] to a kernel over pixels [O, C, 2k, 2k]."""
    o, c, k, _ = w.shape
    return w.reshape(o, c // 4, 2, 2, k, k).transpose(0, 1, 4, 2, 5, 3).reshape(o, c // 4, 2 * k, 2 * k)


def shuffled(w):
    """Kernel of a convolution before a pixel shuffle [C 4, I, k, k] to a transposed convolution's [I, C, 2k, 2k]."""
    o, i, k, _ = w.shape
    return w.reshape(o // 4, 2, 2, i, k, k)[..., ::-1, ::-1].transpose(3, 0, 4, 1, 5, 2).reshape(i, o // 4, 2 * k, 2 * k)


def read_onnx(path):
    """State dict of an exported network."""
    import onnx
    state = {t.name: onnx.numpy_helper.to_array(t).astype(np.float32) for t in onnx.load(path).graph.initializer}
    o, c, k, _ = state['head.weight'].shape
    state['head.weight'] = state['head.weight'].reshape(o, c, k // 2, 2, k // 2, 2).transpose(0, 1, 3, 5, 2, 4).reshape(o, 4 * c, k // 2, k // 2)
    i, o, k, _ = state['tail.weight'].shape
    state['tail.weight'] = state['tail.weight'].reshape(i, o, k // 2, 2, k // 2, 2).transpose(1, 3, 5, 0, 2, 4)[..., ::-1, ::-1].reshape(4 * o, i, k // 2, k // 2)
    return {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in state.items()}


def load(path):
    """State dict of a checkpoint or an exported network."""
    return read_onnx(path) if path.endswith('.onnx') else weights(path)


def graph(net):
    """Pixel shuffles become strides: a 6x6 convolution with stride 2, and its transpose."""
    g, w = Graph('restore', 4, 3), {k: v.detach().numpy() for k, v in net.state_dict().items()}

    def conv(x, name):
        return g.op('Conv', x, g.weight(name, w[name]), kernel_shape=[3, 3], pads=[1] * 4)

    def stack(x, name):
        i = 0
        while f'{name}.{i}.a.weight' in w:
            x = g.op('Add', x, conv(g.relu(conv(x, f'{name}.{i}.a.weight')), f'{name}.{i}.b.weight'))
            i += 1
        return x

    x, skips = g.op('Conv', 'x', g.weight('head.weight', unshuffled(w['head.weight'])), kernel_shape=[6, 6], strides=[2, 2], pads=[2] * 4), []
    for i in range(len(net.down)):
        skips.append(stack(x, f'encode.{i}'))
        x = g.op('Conv', skips[-1], g.weight(f'down.{i}.weight', w[f'down.{i}.weight']), kernel_shape=[2, 2], strides=[2, 2])
    x = stack(x, 'body')
    for i in reversed(range(len(net.up))):
        x = g.op('ConvTranspose', x, g.weight(f'up.{i}.weight', w[f'up.{i}.weight']), kernel_shape=[2, 2], strides=[2, 2])
        x = stack(g.op('Add', x, skips[i]), f'decode.{i}')
    g.op('ConvTranspose', x, g.weight('tail.weight', shuffled(w['tail.weight'])), kernel_shape=[6, 6], strides=[2, 2], pads=[2] * 4, out='y')
    return g


def halo(net):
    """Radius of what a result depends on, rounded up to the multiple of sides."""
    radius, step = 2, 2                          # head and tail, 3x3 at half the size
    radius *= 2
    for encode, decode in zip(net.encode, net.decode):
        radius, step = radius + step * 2 * (len(encode) + len(decode)) + 2 * step, step * 2
    radius += step * 2 * len(net.body)
    return -(-radius // net.multiple) * net.multiple


def memory(net):
    """Bytes per pixel that running it takes at most, weights aside: what engine_opencv needs, measured with bench/run_network."""
    return 10 * net.head.weight.shape[0]


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('checkpoint')
    ap.add_argument('folder')
    ap.add_argument('--task', choices=TASKS, required=True)
    ap.add_argument('--version', default='1')
    a = ap.parse_args()
    net = build(load(a.checkpoint))
    with tempfile.TemporaryDirectory() as tmp:
        graph(net).save(os.path.join(tmp, 'restore.onnx'))
        tile = dict(multiple=net.multiple, halo=halo(net), size=1024, memory=memory(net))
        write_manifest(tmp, dict(id=os.path.basename(os.path.normpath(a.folder)), task='restore', version=a.version, source=SOURCE), dict(restore='restore.onnx'), tile,
                       **(dict(restore=dict(blind='yes')) if a.task == 'photo' else {}))
        install(tmp, a.folder)


if __name__ == '__main__':
    main()

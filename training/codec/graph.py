# SPDX-License-Identifier: Apache-2.0
"""The float networks as ONNX files."""
import numpy as np
from onnx import numpy_helper
from codec.weights import FOLDS, fold_shuffle
from common.graph import Graph


class CodecGraph(Graph):
    def __init__(self, state, name, inputs, outputs, half=True):
        super().__init__(name, inputs, outputs, half)
        self.state = state

    def parameter(self, name, value=None):
        value = self.state[name] if value is None else value
        return self.weight(name, FOLDS[name][0](value) if name in FOLDS else value)

    def conv(self, x, name, stride=1, pad=0, groups=1, out=None, weight=None, bias=None):
        w = self.parameter(name + '.weight', weight)
        k = (weight if weight is not None else FOLDS.get(name + '.weight', (lambda v: v,))[0](self.state[name + '.weight'])).shape[2]
        return self.op('Conv', x, w, self.parameter(name + '.bias', bias), kernel_shape=[k, k], strides=[stride] * 2, pads=[pad] * 4, group=groups, out=out)

    def leaky(self, x):
        return self.op('LeakyRelu', x, alpha=.1)

    def down(self, x, name):
        return self.conv(x, name, 2, (self.state[name + '.weight'].shape[2] - 1) // 2)

    def up(self, x, name):
        k = self.state[name + '.weight'].shape[2]
        return self.op('ConvTranspose', x, self.parameter(name + '.weight'), self.parameter(name + '.bias'), kernel_shape=[k, k],
                       strides=[2, 2], pads=[(k - 1) // 2] * 4, output_padding=[k % 2] * 2)

    def block(self, x, name):
        t = self.relu(self.conv(x, name + '.a'))
        t = self.conv(t, name + '.d', pad=1, groups=self.state[name + '.d.weight'].shape[0])
        x = self.op('Add', x, self.conv(t, name + '.b'))
        return self.op('Add', x, self.conv(self.relu(self.conv(x, name + '.f')), name + '.g'))

    def dense(self, x, name):
        i = 0
        while f'{name}.{i}.p.weight' in self.state:
            x = self.op('Add', x, self.conv(self.relu(self.conv(x, f'{name}.{i}.p', pad=1)), f'{name}.{i}.q', pad=1))
            i += 1
        return x

    def gdn(self, x, name, inverse=False):
        n = self.op('Add', self.relu(self.conv(self.op('Abs', x), name + '.norm')), self.constant(.05))
        return self.op('Mul' if inverse else 'Div', x, n)

    def shuffled(self, x, name, factor=1):
        """x has the extra channel of ones; see weights.fold_shuffle."""
        w = self.parameter(name + '.shuffled', fold_shuffle(self.state[name + '.weight'], self.state[name + '.bias'], factor))
        return self.op('ConvTranspose', x, w, kernel_shape=[2, 2], strides=[2, 2])


def ones_channel(w, b):
    """The layer with one more output, which is always one."""
    return np.concatenate([w, np.zeros_like(w[:1])]), np.concatenate([b, np.ones(1, np.float32)])


def write_graphs(state, folder, half=True):
    """state: name -> float32 array."""
    M, H = state['ga.tail.weight'].shape[0], state['ha.4.weight'].shape[0]

    g = CodecGraph(state, 'analysis', 3, M, half)
    t = g.op('Add', 'x', g.constant(-.5))
    low_rank = 'ga.linear.0.weight' in state
    if low_rank:                                 # first, so that the pixels need not be kept
        blocks = g.conv(t, 'ga.linear.0', 8)
    for i in (0, 2, 4):
        t = g.gdn(g.down(t, f'ga.branch.{i}'), f'ga.branch.{i + 1}')
    t = g.down(g.dense(g.block(t, 'ga.branch.6'), 'ga.dense'), 'ga.tail')
    shortcut = g.conv(blocks, 'ga.linear.1', 2, 1) if low_rank else g.conv('x', 'ga.linear', 16, 8)
    g.op('Add', shortcut, t, out='y')
    g.save(f'{folder}/analysis.onnx')

    g = CodecGraph(state, 'hyper_analysis', 2 * M, H, half)
    t = g.leaky(g.conv(g.block(g.conv('x', 'ha.0'), 'ha.1'), 'ha.2', 2))
    g.conv(t, 'ha.4', 2, out='y')
    g.save(f'{folder}/hyper_analysis.onnx')

    g = CodecGraph(state, 'hyper_mean', H, M, half)
    w, b = ones_channel(np.eye(H, dtype=np.float32)[..., None, None], np.zeros(H, np.float32))
    w, b = (numpy_helper.from_array(v.astype(np.float32), n) for v, n in ((w, 'ones_weight'), (b, 'ones_bias')))
    g.weights += [w, b]
    act = g.leaky if state['leaky_means'] else g.relu
    t = act(g.shuffled(g.op('Conv', 'x', 'ones_weight', 'ones_bias', kernel_shape=[1, 1]), 'hmu.0', .5))
    w, b = ones_channel(state['hmu.3.weight'], state['hmu.3.bias'])
    t = act(g.shuffled(act(g.conv(t, 'hmu.3', pad=1, weight=w, bias=b)), 'hmu.5'))
    g.conv(act(g.conv(t, 'hmu.8', pad=1)), 'hmu.10', out='y')
    g.save(f'{folder}/hyper_mean.onnx')

    for k in range(3):
        g = CodecGraph(state, f'context_{k + 1}', 2 * M, M, half)
        t = g.block(g.block(g.conv('x', f'cx.{k}.0'), f'cx.{k}.1'), f'cx.{k}.2')
        g.conv(t, f'cx.{k}.3', out='y')
        g.save(f'{folder}/context_{k + 1}.onnx')

    g = CodecGraph(state, 'synthesis', M, 3, half)
    if 'gs.linear.0.weight' in state:
        blocks = g.up('x', 'gs.linear.0')
        picture, seen = g.op('ConvTranspose', blocks, g.parameter('gs.linear.1.weight'), g.parameter('gs.linear.1.bias'), kernel_shape=[8, 8], strides=[8, 8]), g.up(blocks, 'gs.lift')
    else:
        picture = g.op('ConvTranspose', 'x', g.parameter('gs.linear.weight'), g.parameter('gs.linear.bias'), kernel_shape=[32, 32], strides=[16, 16], pads=[8] * 4)
        seen = g.conv(g.op('Add', picture, g.constant(-.5)), 'gs.mix', 4, 4)
    t = g.gdn(g.dense(g.block(g.up('x', 'gs.branch.0'), 'gs.branch.1'), 'gs.dense'), 'gs.branch.2', True)
    t = g.gdn(g.up(t, 'gs.branch.3'), 'gs.branch.4', True)
    t = g.op('Add', t, seen)
    t = g.up(g.gdn(g.up(t, 'gs.last.0'), 'gs.last.1', True), 'gs.tail')
    g.op('Add', picture, t, out='y')
    g.save(f'{folder}/synthesis.onnx')

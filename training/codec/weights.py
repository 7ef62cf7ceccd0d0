# SPDX-License-Identifier: Apache-2.0
"""The exported folder: entropy.bin records, and the way back from a folder to a state dict."""
import math
import os
import struct
import numpy as np

PARTS = ('analysis', 'hyper_analysis', 'hyper_mean', 'context_1', 'context_2', 'context_3', 'synthesis')
TYPES = {1: '<i2', 2: '<i4', 3: '<f4', 4: '<i2'}
KERNEL = 4  # int16 O,I,k,k as the decoder's dot products read them
ALIGNMENT = 64


def blocks(outputs, inputs):
    """Of 32 outputs, filled up, and of pairs of inputs."""
    return -(-outputs // 32), -(-inputs // 2)


def to_blocks(w):
    o, i, k, _ = w.shape
    down, pairs = blocks(o, i * k * k)
    padded = np.zeros((down * 32, pairs * 2), w.dtype)
    padded[:o, :i * k * k] = w.transpose(0, 2, 3, 1).reshape(o, -1)
    return padded.reshape(down, 32, pairs, 2).transpose(0, 2, 1, 3)


def from_blocks(data, dims):
    o, i, k, _ = dims
    down, pairs = blocks(o, i * k * k)
    rows = data.reshape(down, pairs, 32, 2).transpose(0, 2, 1, 3).reshape(down * 32, pairs * 2)
    return rows[:o, :i * k * k].reshape(o, k, k, i).transpose(0, 3, 1, 2)


def write_records(path, records):
    """records: name -> int16, int32 or float32 array. Magic CENT, u32 version 2, then u8 length, name, u8 type, u8 ndim, u32 dims, data from a multiple of 64 bytes on."""
    codes = {np.dtype(v): k for k, v in TYPES.items() if k != KERNEL}
    with open(path, 'wb') as f:
        f.write(b'CENT' + struct.pack('<I', 2))
        for name, value in records.items():
            value = np.asarray(value)
            kernel = value.dtype == np.int16 and value.ndim == 4
            f.write(struct.pack('<B', len(name)) + name.encode() + struct.pack('<BB', KERNEL if kernel else codes[value.dtype], value.ndim))
            f.write(struct.pack('<%dI' % value.ndim, *value.shape))
            f.write(bytes(-f.tell() % ALIGNMENT) + np.ascontiguousarray(to_blocks(value) if kernel else value).tobytes())


def read_records(path):
    data, at, out = open(path, 'rb').read(), 8, {}
    assert data[:4] == b'CENT' and struct.unpack('<I', data[4:8])[0] == 2
    while at < len(data):
        n = data[at]
        name = data[at + 1:at + 1 + n].decode()
        kind, ndim = data[at + 1 + n], data[at + 2 + n]
        at += 3 + n
        dims = struct.unpack_from('<%dI' % ndim, data, at)
        at += 4 * ndim
        at += -at % ALIGNMENT
        count = int(np.prod(blocks(dims[0], int(np.prod(dims[1:]))))) * 64 if kind == KERNEL else int(np.prod(dims))
        values = np.frombuffer(data, TYPES[kind], count, at)
        out[name] = (from_blocks(values, dims) if kind == KERNEL else values.reshape(dims)).copy()
        at += values.nbytes
    return out


# Layers that look different in the ONNX files: name -> (fold, unfold), all exact.

def unshuffled(block):
    """Kernel over pixel-unshuffled colour planes [O, 3 b b, k, k] <-> kernel over pixels [O, 3, k b, k b]."""
    def fold(w):
        o, _, k, _ = w.shape
        return w.reshape(o, 3, block, block, k, k).transpose(0, 1, 4, 2, 5, 3).reshape(o, 3, k * block, k * block)

    def unfold(w):
        o, k = w.shape[0], w.shape[2] // block
        return w.reshape(o, 3, k, block, k, block).transpose(0, 1, 3, 5, 2, 4).reshape(o, 3 * block * block, k, k)
    return fold, unfold


def scaled(f):
    return (lambda w: w * np.float32(f)), (lambda w: w / np.float32(f))


FOLDS = {'ga.linear.weight': unshuffled(8), 'gs.linear.weight': unshuffled(8), 'gs.mix.weight': unshuffled(4),
         'ga.branch.0.weight': scaled(4), 'gs.branch.0.weight': scaled(4), 'ha.4.weight': scaled(8), 'ha.4.bias': scaled(8)}


def fold_shuffle(w, b, factor=1):
    """1x1 convolution + PixelShuffle 2 as ConvTranspose k2 s2; an extra constant input channel of ones carries the biases, one per position."""
    o, i = w.shape[:2]
    w = (w * np.float32(factor)).reshape(o // 4, 2, 2, i).transpose(3, 0, 1, 2)
    return np.concatenate([w, b.reshape(1, o // 4, 2, 2)])


def unfold_shuffle(w, factor=1):
    i, o = w.shape[0] - 1, w.shape[1]
    return (w[:i].transpose(1, 2, 3, 0).reshape(o * 4, i, 1, 1) / np.float32(factor)), w[i].reshape(o * 4)


def read_folder(folder):
    """State dict of an exported folder (torch tensors)."""
    import onnx
    import torch
    state = {}
    for part in PARTS:
        graph = onnx.load(os.path.join(folder, part + '.onnx')).graph
        if part == 'hyper_mean':
            state['leaky_means'] = any(n.op_type == 'LeakyRelu' for n in graph.node)
        for t in graph.initializer:
            if '.' in t.name:
                w = onnx.numpy_helper.to_array(t).astype(np.float32)
                state[t.name] = FOLDS[t.name][1](w) if t.name in FOLDS else w
    for layer, factor in ((0, .5), (5, 1)):
        state[f'hmu.{layer}.weight'], state[f'hmu.{layer}.bias'] = unfold_shuffle(state.pop(f'hmu.{layer}.shuffled'), factor)
    state['hmu.3.weight'], state['hmu.3.bias'] = state['hmu.3.weight'][:-1], state['hmu.3.bias'][:-1]
    r = read_records(os.path.join(folder, 'entropy.bin'))
    for stack, prefix, layers in (('hyper', 'hsc', (0, 3, 5, 8, 10)), *(('context%d' % (k + 1), 'cs.%d' % k, (0, 2, 4)) for k in range(3))):
        for i, layer in enumerate(layers):
            fw, fb = r[f'train.{stack}.scale'][i]
            state[f'{prefix}.{layer}.weight'] = r[f'{stack}.{i}.weight'] * fw
            state[f'{prefix}.{layer}.bias'] = r[f'{stack}.{i}.bias'] * fb
    lg = r['norm'] - math.log(2)
    step = math.exp(float((r['gain'] - lg).mean()))
    state['gain'], state['sb'], state['correction'] = lg / 10, r['train.sb'], (r['inverse'] + lg + math.log(step)) / 10
    state.update({k[6:]: v for k, v in r.items() if k.startswith('train.fz.')})
    return {k: torch.from_numpy(np.ascontiguousarray(v, dtype=np.float32)) for k, v in state.items()}

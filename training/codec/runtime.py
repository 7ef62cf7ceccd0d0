# SPDX-License-Identifier: Apache-2.0
"""The exported codec without the range coder: onnxruntime for floats, numpy for the integer path, ideal code lengths from the tables.

Rate position p = 0..320; anchors every 32, tables between them interpolated.
"""
import os
import zlib
import numpy as np
import onnxruntime as ort
from codec.integer import IntegerNet
from codec.weights import PARTS, read_records

POSITIONS = 320
MU = 0.065                                       # of the encoder's rounding; shipped as record 'mu'
SIGMA = 0.11 * np.exp(np.arange(64) / 8)
ORDER = [(0, 0), (1, 1), (0, 1), (1, 0)]


def step_masks(M, h, w):
    """Which of the four steps codes each latent: step k codes channel c at position (k + c) mod 4 of each 2x2 cell."""
    step = np.zeros((M, h, w), np.int8)
    for c in range(M):
        for k in range(4):
            y, x = ORDER[(k + c) % 4]
            step[c, y::2, x::2] = k
    return step


def pad(x, multiple):
    h, w = x.shape[1:]
    return np.pad(x, ((0, 0), (0, -h % multiple), (0, -w % multiple)), mode='edge')


def neighbours(v):
    """Of each cell of v (rows, columns) those to the left, above, above left, above right; what is outside repeats another one, and is 0 for the first cell."""
    left, above = np.roll(v, 1, 1), np.roll(v, 1, 0)
    left[:, 0] = above[:, 0]
    above[0] = left[0]
    above_left, above_right = np.roll(above, 1, 1), np.roll(above, -1, 1)
    above_left[0] = above_right[0] = left[0]
    above_left[:, 0], above_right[:, -1] = above[:, 0], above[:, -1]
    out = np.stack([left, above, above_left, above_right])
    out[:, 0, 0] = 0
    return out


def cells(c):
    """Where channel c is coded in step 0."""
    return c, slice(ORDER[c % 4][0], None, 2), slice(ORDER[c % 4][1], None, 2)


def round_half_even(x):
    return np.rint(x)


class Codec:
    def __init__(self, folder, threads=1, tables=True):
        o = ort.SessionOptions()
        o.intra_op_num_threads, o.inter_op_num_threads, o.log_severity_level = threads, 1, 3
        self.run = {p: ort.InferenceSession(os.path.join(folder, p + '.onnx'), o, providers=['CPUExecutionProvider']) for p in PARTS}
        self.r = read_records(os.path.join(folder, 'entropy.bin'))
        self.mu = float(self.r['mu'][0])
        self.hyper, self.context = IntegerNet(self.r, 'hyper'), [IntegerNet(self.r, f'context{k}') for k in (1, 2, 3)]
        self.M, self.skip = self.r['scale_bias'].shape[1], int(self.r['symbol.skip'][0]) if tables else 0
        self.shift = self.r['symbol.shift'] if tables else None
        if tables:
            self.cost = [self.lengths(f) for f in self.r['symbol.freq']]
            self.hyper_cost = [self.lengths(f) for f in self.r['hyper.freq']]

    @staticmethod
    def lengths(freq):
        """Bits of q = -K..K and, first and last, of an escape (with 16 raw bits)."""
        f, K = freq.astype(float), (len(freq) - 2) // 2
        with np.errstate(divide='ignore'):
            escape = 15 - np.log2(f[-1]) + 16
            bits = np.where(f[:-1] > 0, 15 - np.log2(f[:-1]), escape)
        q = np.concatenate([np.arange(-K - 1, K + 2)])
        order = np.where(q > 0, 2 * q, -2 * q - 1)
        order[q == 0] = 0
        return np.array([escape if abs(v) > K else bits[o] for v, o in zip(q, order)])

    def net(self, part, x):
        return self.run[part].run(None, {'x': np.ascontiguousarray(x[None], dtype=np.float32)})[0][0]

    def row(self, name, p):
        """Interpolated row of a float table of logarithms."""
        t, i, f = self.r[name], min(p // 32, len(self.r[name]) - 2), p - 32 * min(p // 32, len(self.r[name]) - 2)
        return np.exp(t[i] + (t[i + 1] - t[i]) * np.float32(f / 32))[:, None, None]

    def scale_bias(self, p):
        t = self.r['scale_bias'].astype(np.int64)
        i = min(p // 32, len(t) - 2)
        f = p - 32 * i
        return ((t[i] * (32 - f) + t[i + 1] * f + 16) >> 5)[:, None, None]

    def analyse(self, rgb):
        """rgb: H,W,3 uint8 -> latents before gain; odd sizes are padded to multiples of 16 by repetition."""
        return self.net('analysis', pad(rgb.transpose(2, 0, 1).astype(np.float32) / 255, 16))

    def encode(self, y, p):
        """Symbols, table indices and quantised latents (divided by norm) of latents y at position p."""
        y = y * self.row('gain', p)
        norm, (_, h, w) = self.row('norm', p), y.shape
        wide = pad(y, 4)
        z = np.clip(round_half_even(self.net('hyper_analysis', np.concatenate([np.log1p(np.abs(wide)), np.arcsinh(wide)]))), -127, 127)
        base = np.clip(self.hyper(z)[:, :h, :w] + self.scale_bias(p), -256, 448)
        hm = self.net('hyper_mean', z)[:, :h, :w]
        step = step_masks(self.M, h, w)
        fill = self.r['fill'][np.clip(base, -192, 384) + 192]
        r, yh, index = np.zeros(y.shape, np.int32), np.zeros(y.shape, np.float32), np.zeros(y.shape, np.uint8)
        for k in range(4):
            mean, scale = hm, base
            if k:
                known = step < k
                magnitude = self.r['magnitude'][np.minimum(np.abs(r), 255)]
                scale = np.clip(base + self.context[k - 1](np.concatenate([np.where(known, magnitude, fill), base])), -256, 448)
                mean = hm + self.net(f'context_{k}', np.concatenate([hm, np.where(known, yh, hm)]))
            i = np.clip((scale + 145) >> 3, 0, 63)
            if k == 0:
                for c, more in enumerate(self.r['predict.scale']):
                    i[c] = np.clip((base[c] + more + 145) >> 3, 0, 63)
            d = y - mean * norm
            n = round_half_even(d)
            m, v = np.abs(n), SIGMA[i] ** 2 + 1 / 12
            n = n - np.sign(n) * (2 * (np.abs(d) - m) + 1 < self.mu * (2 * m - 1) / (1.386 * v))
            n = np.where(i < self.skip, 0, n)
            now = step == k
            r[now], index[now] = n[now], i[now]
            yh[now] = (mean + n / norm)[now]
        return dict(r=r, z=z.astype(np.int32), index=index, yh=yh, coded=self.differences(r))

    def differences(self, r):
        """What is coded of r: in step 0, the first channels are predicted from the cells before."""
        r = r.copy()
        for c, weight in enumerate(self.r['predict.weight']):
            at = cells(c)
            if r[at].size:
                r[at] -= np.clip((np.tensordot(weight, neighbours(r[at]), 1) + 128) >> 8, -32000, 32000)
        return r

    def decode(self, yh, p, size=None):
        """H,W,3 uint8."""
        x = self.net('synthesis', yh * (self.row('norm', p) * self.row('inverse', p)))
        x = np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
        return x[:size[0], :size[1]] if size else x

    def bits(self, code):
        """Ideal code length (latents, hyper-latents) without headers."""
        total, hyper = 0.0, 0.0
        counts = np.bincount(code['index'].ravel(), minlength=64)
        for i in range(self.skip, 64):
            if counts[i]:
                s, c = int(self.shift[i]), self.cost[i]
                q, K = (code['coded'][code['index'] == i] + ((1 << s) >> 1)) >> s, len(c) // 2 - 1
                total += c[np.clip(q, -K - 1, K + 1) + K + 1].sum() + s * counts[i]
        for c, z in zip(self.hyper_cost, code['z']):
            K = len(c) // 2 - 1
            hyper += c[np.clip(z, -K - 1, K + 1) + K + 1].sum()
        return total, hyper

    @staticmethod
    def checksum(r):
        return zlib.crc32(np.ascontiguousarray(r, dtype='<i2').tobytes())

# SPDX-License-Identifier: Apache-2.0
"""Integer networks for the scales: quantisation after training, and the exact arithmetic in numpy.

acc = bias + sum(w * a) in 32 bits; v = (acc + (1 << (s - 1))) >> s; clamp to 0..c (ReLU) or -c..c; pixel shuffle.
"""
import numpy as np

LAYERS = {'hyper': ('hsc', ((0, 2, 1), (3, 1, 1), (5, 2, 1), (8, 1, 1), (10, 1, 0))),          # module, (layer, shuffle, relu)
          **{f'context{k + 1}': (f'cs.{k}', ((0, 1, 1), (2, 1, 1), (4, 1, 0))) for k in range(3)}}
HIDDEN, LAST = 8191, 2047                        # clamps
ONE = 64                                         # units per nat


def shuffle(x, r):
    if r == 1:
        return x
    c, h, w = x.shape
    return x.reshape(c // (r * r), r, r, h, w).transpose(0, 3, 1, 4, 2).reshape(c // (r * r), h * r, w * r)


def conv(x, w, b):
    """'Same' convolution with zero padding in float64: exact for integers. x: I,h,w; w: O,I,k,k."""
    o, i, k, _ = w.shape
    _, h, v = x.shape
    acc = np.zeros((o, h * v))
    p = np.pad(x, ((0, 0), (k // 2, k // 2), (k // 2, k // 2)))
    for dy in range(k):
        for dx in range(k):
            acc += np.ascontiguousarray(w[:, :, dy, dx]) @ np.ascontiguousarray(p[:, dy:dy + h, dx:dx + v]).reshape(i, h * v)
    return (acc + b[:, None]).reshape(o, h, v)


class IntegerNet:
    def __init__(self, records, stack):
        self.layers, i = [], 0
        while f'{stack}.{i}.weight' in records:
            self.layers.append((records[f'{stack}.{i}.weight'].astype(np.float64), records[f'{stack}.{i}.bias'].astype(np.float64), records[f'{stack}.{i}.spec']))
            i += 1

    def __call__(self, x):
        """x: I,h,w integers -> O,h',w' int32."""
        x = x.astype(np.float64)
        for w, b, (up, relu, s, limit) in self.layers:
            v = np.floor((conv(x, w, b) + 2.0 ** (s - 1)) / 2.0 ** s)
            x = shuffle(np.clip(v, 0 if relu else -limit, limit), up)
        return x.astype(np.int32)


def float_layers(state, stack):
    module, plan = LAYERS[stack]
    out = []
    for i, (layer, up, relu) in enumerate(plan):
        w, b = state[f'{module}.{layer}.weight'].astype(np.float64), state[f'{module}.{layer}.bias'].astype(np.float64)
        out.append([w * (.5 if stack == 'hyper' and i == 0 else 1), b, up, relu])
    return out


def activations(layers, x):
    """Largest value per channel before each layer's shuffle."""
    peaks = []
    for w, b, up, relu in layers:
        v = conv(x, w, b)
        v = np.maximum(v, 0) if relu else v
        peaks.append(np.abs(v).max((1, 2)))
        x = shuffle(v, up)
    return peaks


def equalise(layers, peaks):
    """Scales channels between layers, where ReLU lets it pass, towards equal peaks; the function stays the same."""
    for i in range(len(layers) - 1):
        up = layers[i][2] ** 2
        peak = peaks[i].reshape(-1, up).max(1)
        f = np.clip(np.sqrt(np.median(peak[peak > 0]) / np.maximum(peak, 1e-6)), .25, 4)
        wide = np.repeat(f, up)
        layers[i][0] *= wide[:, None, None, None]
        layers[i][1] *= wide
        layers[i + 1][0] /= f[:, None, None]
        peaks[i] = peaks[i] * wide


def quantise(stack, layers, peaks, limits, first):
    """Records of one stack. limits: largest |input| per channel of the first layer; first: units of the inputs. Proves that no sum overflows."""
    records, scales, unit = {}, [], first
    for i, (w, b, up, relu) in enumerate(layers):
        last = i == len(layers) - 1
        # So that activations fill their range, but the largest weight fits with one bit of shift.
        out = ONE if last else 2.0 ** np.floor(np.log2(min(HIDDEN / (2 * peaks[i].max()), 16383 * unit / np.abs(w).max())))
        for s in range(24, 0, -1):
            q, z = np.round(w * (out / unit) * 2.0 ** s), np.round(b * out * 2.0 ** s)
            worst = (np.abs(q).sum((2, 3)) * limits).sum(1) + np.abs(z)
            if np.abs(q).max() <= 32767 and worst.max() < 2 ** 31 - 2 ** s:
                break
        else:
            raise ValueError(f'{stack}.{i} cannot be quantised')
        clamp = LAST if last else HIDDEN
        records[f'{stack}.{i}.weight'], records[f'{stack}.{i}.bias'] = q.astype(np.int16), z.astype(np.int32)
        records[f'{stack}.{i}.spec'] = np.int32([up, relu, s, clamp])
        scales.append([unit / out / 2.0 ** s * (2 if stack == 'hyper' and i == 0 else 1), 1 / out / 2.0 ** s])
        print(f'  {stack}.{i}: unit 1/{out:g}, shift {s}, largest weight {int(np.abs(q).max())}, sums within {worst.max() / 2 ** 31:.2f} of 2^31')
        unit, limits = out, np.full(w.shape[0] // up ** 2, float(clamp))
    records[f'train.{stack}.scale'] = np.float32(scales)
    return records

# SPDX-License-Identifier: Apache-2.0
"""Symbol tables: real histograms, smoothed by a Gaussian-Laplace prior, as integer frequencies with sum 32768."""
import math
import numpy as np

TOTAL, K, HYPER_K = 32768, 40, 20


def shifts():
    """Raw low bits per table, so that the coded sigma is at most 8."""
    sigma = 0.11 * np.exp(np.arange(64) / 8)
    return np.maximum(0, np.ceil(np.log2(sigma / 8))).astype(np.int32)


def slots(K):
    """Value of every slot: 0, -1, +1, -2, +2, ..."""
    v = np.zeros(2 * K + 1, int)
    v[1::2], v[2::2] = -np.arange(1, K + 1), np.arange(1, K + 1)
    return v


def prior(sigma, centre, K):
    """Probability of each slot and of an escape: 0.9 Gaussian + 0.1 Laplace of twice the width."""
    cdf = lambda x: .9 * .5 * (1 + math.erf((x - centre) / (sigma * 2 ** .5))) + .1 * (
        .5 * math.exp((x - centre) / (1.41 * sigma)) if x < centre else 1 - .5 * math.exp(-(x - centre) / (1.41 * sigma)))
    p = np.array([cdf(v + .5) - cdf(v - .5) for v in slots(K)])
    return np.append(p, max(1e-7, 1 - p.sum()))


def frequencies(histogram, p, weight):
    """histogram: counts per slot and of escapes; p: prior; weight: how many counts it is worth. Rarely used slots at the end are left to the escape."""
    q = (histogram + weight * p) / (histogram.sum() + weight)
    use = q * TOTAL > .4
    use[:1 + 2 * (np.flatnonzero(use[:-1]).max() + 1) // 2] = True
    use[-1] = True
    q[-1] += q[~use].sum()
    q = np.where(use, q, 0)
    f = np.where(use, np.maximum(1, np.floor(q / q.sum() * TOTAL)), 0).astype(np.int64)
    while (d := TOTAL - f.sum()) != 0:           # the rest goes where it costs least
        i = np.argmax(np.where(use, q * TOTAL / np.maximum(f, 1), 0)) if d > 0 else np.argmax(np.where(f > 1, f - q * TOTAL, -1e9))
        f[i] += d if d > 0 and i == f.argmax() else np.sign(d)
    if f.max() >= TOTAL - 0:
        f[f.argmax()] -= 1
        f[-1] += 1
    assert f.sum() == TOTAL and f.max() < TOTAL and f[-1] >= 1
    return f.astype(np.int32)


class Histograms:
    def __init__(self, H):
        self.r, self.z, self.shift = np.zeros((64, 2 * K + 2)), np.zeros((H, 2 * HYPER_K + 2)), shifts()

    @staticmethod
    def slot(q, K):
        return np.where(np.abs(q) > K, 2 * K + 1, np.where(q > 0, 2 * q, np.where(q < 0, -2 * q - 1, 0)))

    def add(self, code):
        i = code['index'].ravel().astype(int)
        s = self.shift[i]
        q = (code['coded'].ravel() + ((1 << s) >> 1)) >> s
        self.r += np.bincount(i * (2 * K + 2) + self.slot(q, K), minlength=self.r.size).reshape(self.r.shape)
        for c, z in enumerate(code['z']):
            self.z[c] += np.bincount(self.slot(z.ravel(), HYPER_K), minlength=2 * HYPER_K + 2)

    def records(self, threshold=2e-3):
        """threshold: tables with fewer non-zero symbols than that are not coded at all."""
        sigma = 0.11 * np.exp(np.arange(64) / 8) / 2.0 ** self.shift
        rows = np.stack([frequencies(self.r[i], prior(max(sigma[i], .15), 0, K), 300) for i in range(64)])
        busy = 1 - self.r[:, 0] / np.maximum(self.r.sum(1), 1)
        skip = int(np.argmax((busy >= threshold) & (self.r.sum(1) > 0)))
        v, hyper = slots(HYPER_K), []
        for h in self.z:
            n = max(h[:-1].sum(), 1)
            centre = (h[:-1] * v).sum() / n
            hyper.append(frequencies(h, prior(max(.3, ((h[:-1] * (v - centre) ** 2).sum() / n) ** .5), centre, HYPER_K), 50))
        print('  non-zero symbols per table', np.round(busy[:16], 4), 'share', np.round(self.r.sum(1)[:16] / self.r.sum(), 3), 'skip', skip)
        return {'symbol.freq': rows, 'symbol.shift': self.shift, 'symbol.skip': np.int32([skip]), 'hyper.freq': np.stack(hyper)}

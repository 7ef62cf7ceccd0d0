# SPDX-License-Identifier: Apache-2.0
"""Distances between 8-bit pictures, and BD-rate. Pure numpy and OpenCV."""
import cv2
import numpy as np

_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_KERNEL = cv2.getGaussianKernel(11, 1.5, cv2.CV_64F)


def psnr(a, b):
    """dB over all samples of two uint8 arrays."""
    mse = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return 10 * np.log10(255**2 / mse) if mse else np.inf


def _blur(x):
    """Gaussian window, positions where it fits entirely."""
    return cv2.sepFilter2D(x, cv2.CV_64F, _KERNEL, _KERNEL)[5:-5, 5:-5]


def _ssim(a, b):
    """Mean structural similarity and its contrast-structure factor, per channel."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = _blur(a), _blur(b)
    var_a = _blur(a * a) - mean_a**2
    var_b = _blur(b * b) - mean_b**2
    cov = _blur(a * b) - mean_a * mean_b
    cs = (2 * cov + c2) / (var_a + var_b + c2)
    ssim = cs * (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return ssim.mean(axis=(0, 1)), cs.mean(axis=(0, 1))


def _halve(x):
    h, w = x.shape[0] // 2 * 2, x.shape[1] // 2 * 2
    return (x[0:h:2, 0:w:2] + x[1:h:2, 0:w:2] + x[0:h:2, 1:w:2] + x[1:h:2, 1:w:2]) / 4


def ms_ssim(a, b):
    """Wang, Simoncelli and Bovik 2003: five scales, 11-tap Gaussian of sigma 1.5, mean over channels of uint8 arrays."""
    a, b = np.atleast_3d(a).astype(np.float64), np.atleast_3d(b).astype(np.float64)
    if min(a.shape[:2]) < 176:
        raise ValueError("MS-SSIM with five scales needs 176 pixels a side")
    product = np.ones(a.shape[2])
    for scale, weight in enumerate(_WEIGHTS):
        ssim, cs = _ssim(a, b)
        last = scale == len(_WEIGHTS) - 1
        product *= np.maximum(ssim if last else cs, 0) ** weight
        if not last:
            a, b = np.atleast_3d(_halve(a)), np.atleast_3d(_halve(b))
    return float(product.mean())


def ms_ssim_db(value):
    return -10 * np.log10(1 - np.asarray(value))


def _pchip_slopes(x, y):
    """Fritsch and Carlson's monotone slopes, as in most BD-rate tools."""
    h, d = np.diff(x), np.diff(y) / np.diff(x)
    m = np.zeros_like(x)
    for i in range(1, len(x) - 1):
        if d[i - 1] * d[i] > 0:
            w1, w2 = 2 * h[i] + h[i - 1], h[i] + 2 * h[i - 1]
            m[i] = (w1 + w2) / (w1 / d[i - 1] + w2 / d[i])

    def end(h0, h1, d0, d1):
        slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1)
        if slope * d0 <= 0:
            return 0.0
        return 3 * d0 if d0 * d1 <= 0 and abs(slope) > abs(3 * d0) else slope

    m[0] = end(h[0], h[1], d[0], d[1])
    m[-1] = end(h[-1], h[-2], d[-1], d[-2])
    return m


def pchip(x, y, at):
    """Monotone piecewise cubic through (x, y), x increasing, evaluated at `at` inside its range."""
    x, y, at = (np.asarray(v, np.float64) for v in (x, y, at))
    m = _pchip_slopes(x, y)
    i = np.clip(np.searchsorted(x, at) - 1, 0, len(x) - 2)
    h = x[i + 1] - x[i]
    t = (at - x[i]) / h
    return ((1 + 2 * t) * (1 - t) ** 2 * y[i] + t * (1 - t) ** 2 * h * m[i]
            + t**2 * (3 - 2 * t) * y[i + 1] + t**2 * (t - 1) * h * m[i + 1])


def bd_rate(anchor_bpp, anchor_quality, bpp, quality):
    """Percent of bits that the second curve needs more than the first (negative: fewer) for equal quality, averaged over
    the common interval of quality; None where the curves share none."""
    curves = []
    for rate, value in ((anchor_bpp, anchor_quality), (bpp, quality)):
        value, first = np.unique(np.asarray(value, np.float64), return_index=True)
        curves.append((value, np.log(np.asarray(rate, np.float64)[first])))
    low = max(value[0] for value, _ in curves)
    high = min(value[-1] for value, _ in curves)
    if high <= low or min(len(value) for value, _ in curves) < 3:
        return None
    at = np.linspace(low, high, 1001)
    difference = pchip(*curves[1], at) - pchip(*curves[0], at)
    mean = np.sum((difference[1:] + difference[:-1]) / 2) / (len(at) - 1)
    return float(100 * (np.exp(mean) - 1))

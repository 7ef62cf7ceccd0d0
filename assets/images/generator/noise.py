# SPDX-License-Identifier: Apache-2.0
"""Deterministic fractal noise on arbitrary coordinates, and tools to compose pictures of it."""
import numpy as np

_TABLE = np.random.Generator(np.random.PCG64(1841)).permutation(1 << 12).astype(np.int32)
_ANGLES = np.arange(1 << 12) * (2 * np.pi / (1 << 12))
_GX, _GY = np.cos(_ANGLES), np.sin(_ANGLES)
_MASK = (1 << 12) - 1


def gradient_noise(x, y, seed=0):
    """Perlin noise, about -0.7..0.7, one feature per unit."""
    ix, iy = np.floor(x), np.floor(y)
    fx, fy = x - ix, y - iy
    ix, iy = ix.astype(np.int32), iy.astype(np.int32)
    sx = fx * fx * fx * (fx * (fx * 6 - 15) + 10)
    sy = fy * fy * fy * (fy * (fy * 6 - 15) + 10)

    def corner(dx, dy):
        h = _TABLE[(_TABLE[(ix + dx + 131 * seed) & _MASK] + iy + dy) & _MASK]
        return _GX[h] * (fx - dx) + _GY[h] * (fy - dy)

    top = corner(0, 0) + sx * (corner(1, 0) - corner(0, 0))
    bottom = corner(0, 1) + sx * (corner(1, 1) - corner(0, 1))
    return top + sy * (bottom - top)


def fbm(x, y, octaves, seed=0, gain=0.5):
    """Sum of octaves, each of twice the frequency and `gain` times the amplitude, turned so that no lattice shows."""
    total, amplitude = np.zeros(np.broadcast(x, y).shape), 1.0
    for octave in range(octaves):
        total += amplitude * gradient_noise(x, y, seed + octave)
        x, y = 1.6 * x - 1.2 * y + 17.3, 1.2 * x + 1.6 * y - 5.9
        amplitude *= gain
    return total


def ridged(x, y, octaves, seed=0):
    """Sharp crests, as mountains have them; about 0..1.3."""
    total, amplitude, weight = np.zeros(np.broadcast(x, y).shape), 0.62, 1.0
    for octave in range(octaves):
        crest = (1 - 1.5 * np.abs(gradient_noise(x, y, seed + octave))) ** 2 * weight
        total += amplitude * crest
        weight = np.clip(crest * 1.5, 0, 1)
        x, y = 1.6 * x - 1.2 * y + 9.1, 1.2 * x + 1.6 * y + 3.7
        amplitude *= 0.48
    return total


def smoothstep(low, high, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a, b, t):
    """Colours: a where t is 0, b where it is 1. The channels are the last axis of a and b, and t has none."""
    return a + (b - a) * np.asarray(t)[..., None]


def rgb(text):
    """Linear light of a colour written as rrggbb."""
    return (np.array([int(text[i:i + 2], 16) for i in (0, 2, 4)]) / 255) ** 2.2


def to_bytes(linear):
    """Linear light to 8 bits with a film-like shoulder."""
    x = np.maximum(linear, 0)
    x = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    return (255 * np.clip(x, 0, 1) ** (1 / 2.2) + 0.5).astype(np.uint8)


def shrink(picture, factor):
    """Mean over squares of factor by factor samples."""
    h, w = picture.shape[0] // factor, picture.shape[1] // factor
    return picture[:h * factor, :w * factor].reshape(h, factor, w, factor, -1).mean(axis=(1, 3))

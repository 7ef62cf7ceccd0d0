# SPDX-License-Identifier: Apache-2.0
"""A photogenic drawing in grey: the shadow of a fern (Barnsley's) on coated paper."""
import cv2
import numpy as np

from noise import fbm, gradient_noise, shrink, smoothstep

WIDTH, HEIGHT, OVER = 512, 640, 2
MAPS = [  # a, b, c, d, e, f of (ax + by + e, cx + dy + f), and its probability
    ((0.00, 0.00, 0.00, 0.16, 0.00, 0.00), 0.01), ((0.85, 0.04, -0.04, 0.85, 0.00, 1.60), 0.85),
    ((0.20, -0.26, 0.23, 0.22, 0.00, 1.60), 0.07), ((-0.15, 0.28, 0.26, 0.24, 0.00, 0.44), 0.07)]


def points(count, steps, rng):
    """`count` orbits of the iterated function system, each followed for `steps`."""
    chances = np.cumsum([chance for _, chance in MAPS])
    x = y = np.zeros(count)
    for step in range(steps):
        chosen = np.searchsorted(chances, rng.uniform(0, chances[-1], count))
        a, b, c, d, e, f = np.array([m for m, _ in MAPS])[chosen].T
        x, y = a * x + b * y + e, c * x + d * y + f
        if step >= 20:
            yield x, y


def frond(shape, turn, scale, foot, rng):
    """Density of the fern's points, in a picture of `shape`."""
    density = np.zeros(shape, np.float32)
    for x, y in points(60000, 80, rng):
        px = foot[0] + scale * (np.cos(turn) * x + np.sin(turn) * y)
        py = foot[1] - scale * (np.cos(turn) * y - np.sin(turn) * x)
        inside = (px >= 0) & (px < shape[1] - 1) & (py >= 0) & (py < shape[0] - 1)
        np.add.at(density, (py[inside].astype(int), px[inside].astype(int)), 1)
    return density


def render():
    """Grey, 8 bits."""
    rng = np.random.Generator(np.random.PCG64(7))
    h, w = HEIGHT * OVER, WIDTH * OVER
    y, x = np.mgrid[0:h, 0:w] / w
    opaque = np.zeros((h, w))
    for turn, scale, foot in ((-0.06, 0.092 * h, (0.52 * w, 0.955 * h)), (0.50, 0.040 * h, (0.60 * w, 0.86 * h)),
                              (-0.66, 0.034 * h, (0.44 * w, 0.88 * h))):
        density = cv2.GaussianBlur(frond((h, w), turn, scale, foot, rng), (0, 0), 0.9 * OVER)
        opaque = np.maximum(opaque, 1 - np.exp(-0.3 * density * (scale / (0.092 * h)) ** 2))
    veins = 0.10 * gradient_noise(x * 150, y * 150, 300)
    shadow = cv2.GaussianBlur(opaque, (0, 0), 1.0 * OVER)  # the leaf does not touch the paper everywhere
    contact = smoothstep(-0.2, 0.5, fbm(x * 3, y * 3, 4, 310))
    leaf = np.clip(opaque * contact + shadow * (1 - contact), 0, 1) * (0.86 + veins)

    fibres = fbm(x * 220, y * 60, 4, 320, 0.7) + fbm(x * 60, y * 240, 4, 330, 0.7)
    brushed = fbm(x * 2.2, y * 26, 5, 340) + 0.6 * fbm(x * 1.5, y * 1.8, 4, 350)
    edge = np.minimum(np.minimum(x, 1 - x), np.minimum(y, h / w - y)) + 0.022 * fbm(x * 9, y * 9, 5, 360)
    coat = smoothstep(0.018, 0.040, edge + 0.012 * brushed)
    stain = smoothstep(0.28, 0.5, fbm(x * 2.7 + 5, y * 2.7, 5, 370))
    paper = 0.86 + 0.035 * fibres - 0.05 * stain
    exposed = 0.20 + 0.05 * brushed + 0.035 * fibres + 0.06 * stain
    vignette = 1 - 0.25 * ((x - 0.5) ** 2 + (y - 0.5 * h / w) ** 2)
    grey = (coat * (exposed + (paper - exposed) * leaf) + (1 - coat) * paper) * vignette
    return (255 * np.clip(shrink(grey[..., None], OVER)[..., 0], 0, 1) + 0.5).astype(np.uint8)

# SPDX-License-Identifier: Apache-2.0
"""Masks that people paint, and the rough fill that inpainting starts from. Masks: uint8 H,W, 1 where the picture is missing."""
import string
import cv2
import numpy as np

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)


def text(mask, rng):
    for y in range(int(rng.integers(8, 30)), mask.shape[0] + 10, int(rng.integers(16, 40))):
        words = ''.join(rng.choice(list(string.ascii_letters + string.digits + '    .,'), 60))
        cv2.putText(mask, words, (int(rng.integers(-40, 10)), y), FONTS[rng.integers(len(FONTS))], rng.uniform(.4, 1.1), 1, int(rng.integers(1, 4)))


def scratches(mask, rng):
    h, w = mask.shape
    for _ in range(rng.integers(2, 9)):
        points = rng.uniform(-.1, 1.1, 2) * (w, h) + np.cumsum(rng.normal(0, .12, (rng.integers(2, 9), 2)) * max(h, w), 0)
        cv2.polylines(mask, [points.astype(np.int32)], False, 1, int(rng.integers(1, 6)))


def blobs(mask, rng):
    h, w = mask.shape
    for _ in range(rng.integers(1, 9)):
        axes = [int(v) for v in rng.integers(2, 14, 2)]
        cv2.ellipse(mask, (int(rng.integers(w)), int(rng.integers(h))), axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)


def strokes(mask, rng):
    h, w = mask.shape
    for _ in range(rng.integers(1, 3)):
        at, angle, width = rng.uniform(0, 1, 2) * (w, h), rng.uniform(0, 6.3), int(rng.integers(8, 30))
        for _ in range(rng.integers(1, 5)):
            angle += rng.normal(0, .8)
            to = at + np.array([np.cos(angle), np.sin(angle)]) * rng.uniform(8, 40)
            cv2.line(mask, [int(v) for v in at], [int(v) for v in to], 1, width)
            at = to


KINDS = dict(text=text, scratches=scratches, blobs=blobs, strokes=strokes)


def random_mask(height, width, rng):
    """One kind or two, between 1 and 35 per cent."""
    while True:
        mask = np.zeros((height, width), np.uint8)
        for kind in rng.choice(list(KINDS), rng.integers(1, 3), replace=False, p=(.3, .3, .2, .2)):
            KINDS[kind](mask, rng)
        if .01 < mask.mean() < .35:
            return mask


def fill(picture, mask):
    """Push-pull: means of the known pixels at half, a quarter, ... of the size; each hole is filled from the next coarser picture. uint8 RGB."""
    values, known = picture.astype(np.float32), (mask == 0).astype(np.float32)
    return np.rint(push_pull(values * known[..., None], known)).astype(np.uint8)


def push_pull(values, known):
    """values: picture times known; known: 0 to 1."""
    if known.min() > 0 or max(known.shape) == 1:
        return values / np.maximum(known, 1e-6)[..., None]
    h, w = known.shape
    half = ((w + 1) // 2, (h + 1) // 2)
    pad = lambda v: cv2.copyMakeBorder(v, 0, h % 2, 0, w % 2, cv2.BORDER_CONSTANT)
    coarse_known = cv2.resize(pad(known), half, interpolation=cv2.INTER_AREA)
    coarse = push_pull(cv2.resize(pad(values), half, interpolation=cv2.INTER_AREA), coarse_known)
    coarse = cv2.resize(coarse, (half[0] * 2, half[1] * 2), interpolation=cv2.INTER_LINEAR)[:h, :w]
    return values + (1 - known)[..., None] * coarse

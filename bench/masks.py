# SPDX-License-Identifier: Apache-2.0
"""Masks of a fixed seed for inpainting: uint8 H,W, 255 where the picture is missing."""
import string

import cv2
import numpy as np


def text(shape, rng):
    mask = np.zeros(shape, np.uint8)
    for y in range(24, shape[0] + 10, 52):
        line = "".join(rng.choice(list(string.ascii_letters + "    "), 70))
        cv2.putText(mask, line, (-10, y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 255, 2)
    return mask


def scratches(shape, rng):
    mask = np.zeros(shape, np.uint8)
    while mask.mean() < 0.049 * 255:
        points = rng.uniform(0, 1, 2) * shape + np.cumsum(rng.normal(0, 40, (5, 2)), 0)
        cv2.polylines(mask, [points[:, ::-1].astype(np.int32)], False, 255, int(rng.integers(1, 4)))
    return mask


def blobs(shape, rng):
    mask = np.zeros(shape, np.uint8)
    while mask.mean() < 0.051 * 255:
        cv2.circle(mask, [int(v) for v in rng.uniform(0, 1, 2) * shape[::-1]], int(rng.integers(3, 13)), 255, -1)
    return mask


def freeform(shape, rng, share):
    mask = np.zeros(shape, np.uint8)
    while mask.mean() < share * 255:
        at, angle, width = rng.uniform(0, 1, 2) * shape[::-1], rng.uniform(0, 6.3), int(rng.integers(12, 33))
        for _ in range(rng.integers(2, 6)):
            angle += rng.normal(0, 0.8)
            to = at + np.array([np.cos(angle), np.sin(angle)]) * rng.uniform(10, 50)
            cv2.line(mask, [int(v) for v in at], [int(v) for v in to], 255, width)
            at = to
    return mask


KINDS = {"text, 2 px": text, "scratches, 1 to 3 px": scratches, "blobs, radius 3 to 12": blobs,
         "free-form, 6 %": lambda shape, rng: freeform(shape, rng, 0.06),
         "free-form, 26 %": lambda shape, rng: freeform(shape, rng, 0.26)}

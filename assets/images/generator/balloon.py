# SPDX-License-Identifier: Apache-2.0
"""A hot-air balloon cut out: colour with soft alpha, thin ropes, clear around."""
import numpy as np

from noise import fbm, mix, rgb, smoothstep, shrink, to_bytes

WIDTH, HEIGHT, OVER = 320, 416, 3
GORES = ["b3261e", "f2e6c9", "e08a2e", "f2e6c9", "2f5d8c", "f2e6c9"]


def profile(v):
    """Half width of the envelope, v from 0 (crown) to 1 (mouth), in units of its height."""
    dome = np.sqrt(np.clip(1 - ((v - 0.40) / 0.40) ** 2, 0, 1)) * 0.425
    cone = 0.425 - 0.345 * np.clip((v - 0.40) / 0.60, 0, 1) ** 1.55
    return np.where(v < 0.40, dome, cone)


def render():
    """BGRA, 8 bits, alpha not premultiplied."""
    w, h = WIDTH * OVER, HEIGHT * OVER
    y, x = np.mgrid[0:h, 0:w] + 0.5
    u, v = (x - w / 2) / (0.80 * h), (y - 0.02 * h) / (0.80 * h)
    half = profile(np.clip(v, 0, 1))
    soft = 1.2 / h
    envelope = smoothstep(soft, -soft, np.abs(u) - half) * (v > 0) * (v < 1)

    across = np.clip(u / np.maximum(half, 1e-6), -1, 1)
    angle = np.arcsin(across)
    gore = (angle + np.pi / 2) / np.pi * 12 + 0.5
    seam = np.abs(gore - np.floor(gore) - 0.5) * 2  # 1 at a seam
    bulge = np.sqrt(1 - 0.75 * seam ** 2)
    colours = np.array([rgb(text) for text in GORES])
    fabric = colours[np.floor(gore).astype(int) % len(GORES)]
    band = smoothstep(0.005, 0.0, np.abs(v - 0.43) - 0.052)
    zigzag = np.abs(np.mod(gore * 2, 2) - 1) * 0.09 + 0.385
    fabric = mix(fabric, mix(rgb("23364d"), rgb("e6b84a"), smoothstep(0.004, -0.004, v - zigzag)), band)
    tilt = np.clip((0.40 - v) / 0.42, -0.65, 1)
    normal = np.stack([np.sin(angle), tilt, np.cos(angle) * np.sqrt(1 - np.minimum(tilt ** 2, 0.9))], -1)
    sun = np.array([-0.55, 0.55, 0.63])
    lit = np.clip(normal @ sun, 0, None) * (0.80 + 0.20 * bulge)
    weave = 1 + 0.05 * fbm(u * 260, v * 260, 3, 400) + 0.08 * fbm(u * 12, v * 7, 4, 410)
    glow = np.exp(-((v - 0.93) / 0.16) ** 2) * 0.5
    sky, warm = np.array([0.30, 0.36, 0.45]), np.array([1.0, 0.55, 0.2])
    light = lit[..., None] * np.array([1.9, 1.75, 1.5]) + sky * (0.6 + 0.4 * tilt)[..., None] + glow[..., None] * warm
    colour = fabric * light * weave[..., None]
    alpha = envelope

    ropes = np.zeros((h, w))
    for side in (-1, -0.35, 0.35, 1):
        t = np.clip((v - 1) / 0.115, 0, 1)
        line = side * (0.078 - 0.028 * t)
        ropes = np.maximum(ropes, smoothstep(2.0 / h, 0.6 / h, np.abs(u - line)) * (v >= 0.99) * (v <= 1.115))
    colour = mix(colour, np.broadcast_to(rgb("3b2f25"), colour.shape), ropes * (1 - alpha))
    alpha = np.maximum(alpha, ropes)

    bottom = np.clip((v - 1.115) / 0.085, 0, 1)
    basket = smoothstep(soft, -soft, np.abs(u) - (0.054 - 0.008 * bottom)) * (v > 1.115) * (v < 1.20)
    wicker = 0.55 + 0.45 * np.sin(u * 900) * np.sin(v * 700)
    shade = np.clip(0.95 - 7.5 * (u + 0.02), 0.25, 1.4) * np.where(bottom < 0.12, 1.3, 1)
    wood = mix(rgb("5a3b1f"), rgb("b98a52"), wicker) * shade[..., None]
    colour, alpha = mix(colour, wood, basket), np.maximum(alpha, basket)

    straight = shrink(alpha[..., None], OVER)
    light = shrink(colour * alpha[..., None], OVER) / np.maximum(straight, 1e-4)
    cover = (255 * np.clip(straight, 0, 1) + 0.5).astype(np.uint8)
    return np.concatenate([to_bytes(light * 0.6)[..., ::-1], cover], -1) * (cover > 0)

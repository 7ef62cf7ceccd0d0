# SPDX-License-Identifier: Apache-2.0
"""A mountain lake in the evening: ray-marched height field, water with a reflection, conifers and meadow grass."""
import functools

import numpy as np

from noise import fbm, gradient_noise, mix, ridged, rgb, shrink, smoothstep, to_bytes

WIDTH, HEIGHT, OVER = 768, 512, 2  # rendered OVER times larger
EYE, HORIZON, FOCAL = 0.085, 0.43, 1.25  # height above the lake; horizon from the top; of the picture's width
SUN = np.array([-0.76, 0.44, -0.22]) / np.linalg.norm([-0.76, 0.44, -0.22])  # x right, y up, z away
SUNLIGHT, SKYLIGHT = np.array([3.3, 2.45, 1.65]), np.array([0.34, 0.46, 0.68])


def height(x, z, octaves=9):
    """The ground above the lake's level. Depth z runs from 0 at the eye to about 14."""
    far = smoothstep(4.2, 8.5, z + 0.35 * x + 0.5 * fbm(x * 0.7, z * 0.7, 2, 40))
    side = smoothstep(0.9, 3.6, np.abs(x - 0.12 * z + 0.4) - 0.10 * z) * smoothstep(1.2, 3.2, z)
    peaks = ridged(x * 0.21 + 3.3, z * 0.21 + 1.45, octaves, 3)
    rolling = 0.5 + fbm(x * 0.8, z * 0.8, octaves, 20)
    ground = far * (2.35 * peaks ** 1.35 - 0.28) + side * (0.55 * rolling + 0.25 * peaks)
    meadow = 0.05 * smoothstep(1.15, 0.15, z + 0.33 * x + 0.13 * fbm(x * 2.2, z * 2.2, 4, 30))
    bumps = 0.012 * fbm(x * 4, z * 4, min(octaves, 6), 33)
    return ground + meadow + bumps - 0.022


@functools.cache
def height_map():
    """The ground 40 samples a unit, from x = -12 and z = -1."""
    z, x = np.mgrid[0:17 * 40, 0:24 * 40] / 40.0
    return height(x - 12, z - 1, 5)


def coarse_height(x, z):
    """Interpolated from the map, for shadows: fast."""
    ground = height_map()
    u, v = np.clip((x + 12) * 40, 0, ground.shape[1] - 1.001), np.clip((z + 1) * 40, 0, ground.shape[0] - 1.001)
    column, row = u.astype(int), v.astype(int)
    u, v = u - column, v - row
    top = ground[row, column] * (1 - u) + ground[row, column + 1] * u
    return top * (1 - v) + (ground[row + 1, column] * (1 - u) + ground[row + 1, column + 1] * u) * v


def march(columns, rows):
    """For every pixel the depth at which its ray meets the ground, infinite for sky: per column, the ground's picture
    height is accumulated outwards, so that each row's first crossing is found by bisection."""
    depth = 0.10 * np.exp(np.linspace(0, np.log(16 / 0.10), 1000))
    slope_x = (columns - columns.mean()) / (FOCAL * len(columns))
    ground = np.maximum(height(slope_x[None] * depth[:, None], depth[:, None]), 0)
    slope_y = np.maximum.accumulate((ground - EYE) / depth[:, None], axis=0)
    wanted = (HORIZON * len(rows) - rows) / (FOCAL * len(columns))
    hit = np.full((len(rows), len(columns)), np.inf)
    for c in range(len(columns)):
        first = np.searchsorted(slope_y[:, c], wanted)
        inside = first < len(depth)
        k = np.clip(first, 1, len(depth) - 1)
        low, high = slope_y[k - 1, c], slope_y[k, c]
        t = np.clip((wanted - low) / np.maximum(high - low, 1e-9), 0, 1)
        hit[inside, c] = (depth[k - 1] + t * (depth[k] - depth[k - 1]))[inside]
    return hit, slope_x[None] + 0 * wanted[:, None], wanted[:, None] + 0 * slope_x[None]


def sky(sx, sy):
    """Evening light from the left, cirrus above and cumulus over the mountains."""
    up = np.clip(sy / 0.36, 0, 1)
    glow = np.exp(-((sx + 0.50) ** 2 / 0.08 + sy ** 2 / 0.020))
    colour = mix(mix(rgb("e9d3b4"), rgb("9dbbd8"), smoothstep(0, 0.45, up)), rgb("3f73b5"), smoothstep(0.25, 1, up))
    colour = colour + glow[..., None] * np.array([0.45, 0.26, 0.10])
    plane = 1 / (np.maximum(sy, 0) + 0.10)
    u, v = sx * plane, plane
    billow = fbm(u * 1.1 + 4, v * 1.25 + 0.7, 8, 60, 0.56)
    lit = fbm(u * 1.1 + 4 - 0.10, v * 1.25 + 0.7 + 0.06, 8, 60, 0.56)
    cover = smoothstep(0.05, 0.42, billow)
    light = np.clip(0.72 + 1.5 * (billow - lit), 0.3, 1.25)
    cloud = mix(rgb("8f97ab"), np.array([1.15, 1.0, 0.86]), np.clip(light, 0, 1)) * np.clip(light, 0.8, 1.3)[..., None]
    colour = mix(colour, cloud, 0.9 * cover * smoothstep(0.01, 0.08, sy))
    wisp = smoothstep(0.1, 0.7, fbm(u * 0.55 + 0.4 * v, v * 2.2, 6, 80)) * smoothstep(0.1, 0.3, sy)
    return mix(colour, np.array([1.0, 0.96, 0.92]), 0.35 * wisp)


def shade(x, z):
    """Light leaving the ground at (x, z)."""
    step = 0.0012 + 0.0009 * z
    y = height(x, z)
    nx, nz = (y - height(x + step, z)) / step, (y - height(x, z + step)) / step
    length = np.sqrt(nx * nx + 1 + nz * nz)
    slope = 1 / length  # 1 is level
    facing = np.clip((nx * SUN[0] + SUN[1] + nz * SUN[2]) / length, 0, 1)
    shadow = np.ones_like(x)
    for t in np.geomspace(0.02, 3.2, 22):
        above = y + 0.004 + t * SUN[1] - coarse_height(x + t * SUN[0], z + t * SUN[2])
        shadow = np.minimum(shadow, smoothstep(-0.02, 0.025, above / (0.25 + t)))

    fine = fbm(x * 42, z * 42, 5, 90)
    coarse = fbm(x * 3.1, z * 3.1, 5, 95)
    strata = gradient_noise(x * 2 + coarse, y * 46 + 3 * coarse, 99)
    rock = mix(rgb("6f675d"), rgb("a39685"), np.clip(0.5 + 0.7 * strata + 0.6 * fine, 0, 1))
    forest = mix(rgb("16281a"), rgb("3d5a2c"), np.clip(0.45 + 1.1 * fine + 0.4 * coarse, 0, 1))
    meadow = mix(rgb("36481d"), rgb("7c773c"), np.clip(0.42 + 0.8 * coarse + 0.5 * fine, 0, 1))
    snow = rgb("f1f4fa")
    colour = mix(rock, meadow, smoothstep(0.62, 0.82, slope) * smoothstep(0.95, 0.55, y + 0.3 * coarse))
    wood = smoothstep(0.46, 0.66, slope + 0.25 * coarse + 0.15 * fine) * smoothstep(0.78, 0.48, y + 0.22 * coarse)
    colour = mix(colour, forest, wood * smoothstep(0.9, 1.6, z))
    colour = mix(colour, snow, smoothstep(0.86, 1.12, y + 0.28 * coarse + 0.10 * fine)
                 * smoothstep(0.40, 0.58, slope + 0.10 * fine))
    beach = smoothstep(0.016, 0.004, y + 0.003 * fine)
    colour = mix(colour, mix(rgb("6d614e"), rgb("b3a384"), np.clip(0.5 + fine, 0, 1)), beach)
    cavity = np.clip(0.75 + 0.5 * coarse + 0.35 * fine, 0.4, 1.1)
    return colour * ((facing * shadow)[..., None] * SUNLIGHT + SKYLIGHT * (0.45 + 0.55 * slope * cavity)[..., None])


def haze(colour, sx, sy, distance):
    """Air between the eye and what is seen."""
    t = 1 - np.exp(-np.maximum(distance - 0.8, 0) * 0.050)
    air = mix(rgb("aebfd6"), rgb("f0cda0"), 0.6 * np.exp(-((sx + 0.50) ** 2 / 0.08)))
    return mix(colour, air * 0.95, t)


def render_ground(hit, sx, sy):
    """Sky and everything above the lake; the water's pixels are left for render_water."""
    picture = sky(sx, sy)
    seen = np.isfinite(hit)
    z = hit[seen]
    x = sx[seen] * z
    picture[seen] = haze(shade(x, z), sx[seen], sy[seen], z)
    return picture


def conifer(rng, tall):
    """A fir of `tall` pixels: colour and coverage, its foot at the bottom centre."""
    wide = int(tall * 0.46) | 1
    t = (np.arange(tall) + 0.5)[:, None] / tall  # 0 at the top
    u = (np.arange(wide) - wide // 2)[None] / (0.5 * wide)
    whorls = rng.uniform(15, 19) if tall > 120 else 9
    side = 40 * (u > 0)  # left and right branches grow apart
    uneven = 0.55 * gradient_noise(u * 2.5 + side, t * whorls * 0.55 + rng.uniform(0, 99), 5)
    phase = t * whorls + uneven - 1.7 * np.abs(u)
    branch = phase - np.floor(phase)  # 0 at a whorl's upper side, 1 at its tip
    length = 0.85 + 0.7 * gradient_noise(side + 0 * t, np.floor(phase) * 1.37 + rng.uniform(0, 99), 7)
    reach = (0.04 + 0.92 * t ** 0.86) * length * (0.40 + 0.62 * branch)
    needles = fbm(u * wide / 7 + 50, t * tall / 8 + rng.uniform(0, 99), 3, 11, 0.7)
    alpha = smoothstep(0.05, -0.05, np.abs(u) - reach + 0.32 * needles * (0.3 + t)) * (t < 0.965)
    trunk = (np.abs(u) < 0.028) & (t > 0.06)
    light = np.clip(0.22 - 0.55 * u + 0.75 * (branch - 0.45) + 0.75 * needles, 0, 1) * (0.55 + 0.45 * t)
    colour = mix(rgb("0d1a12") * 0.55, rgb("5d7433") * np.array([1.35, 1.12, 0.8]), light)
    colour[trunk & (alpha < 0.5)] = rgb("3a2c20") * 0.5
    return colour, np.maximum(alpha, trunk)


def stamp(picture, colour, alpha, left, top):
    """Lays a small picture over a large one, cut at the border."""
    h, w = alpha.shape
    y0, y1, x0, x1 = max(top, 0), min(top + h, picture.shape[0]), max(left, 0), min(left + w, picture.shape[1])
    if y0 < y1 and x0 < x1:
        part = np.s_[y0 - top:y1 - top, x0 - left:x1 - left]
        picture[y0:y1, x0:x1] = mix(picture[y0:y1, x0:x1], colour[part], alpha[part])


def plant(picture, hit, spots):
    """Firs at (x, z) of a height in the ground's units, far ones first; those behind a hill are left out."""
    rng = np.random.Generator(np.random.PCG64(5))
    rows, columns = hit.shape
    spots = np.array(sorted(spots, key=lambda spot: -spot[1]))
    for (x, z, size), ground in zip(spots, height(spots[:, 0], spots[:, 1])):
        scale = FOCAL * columns / z
        column, foot = int(columns / 2 + x * scale), int(HORIZON * rows - (ground - EYE) * scale)
        tall = int(size * scale)
        if tall < 5 or not 0 <= column < columns or not 0 <= foot < rows or hit[foot, column] < z - 0.12:
            continue
        colour, alpha = conifer(rng, tall)
        light = SUNLIGHT * 0.34 * min(1, 0.55 + 0.3 / z) + SKYLIGHT * 0.45
        slope = np.full(1, (column / columns - 0.5) / FOCAL)
        stamp(picture, haze(colour * light, slope, 0 * slope, np.full(1, z)), alpha, column - alpha.shape[1] // 2,
              foot - tall + 2)


def woods(rng):
    """On the lower slopes beyond the lake."""
    x, z = rng.uniform(-5.5, 5.5, 26000), rng.uniform(1.5, 8.2, 26000)
    y = height(x, z)
    wooded = (fbm(x * 1.6, z * 1.6, 3, 120) > -0.06) & (y > 0.012) & (y < 0.52)
    return zip(x[wooded], z[wooded], rng.uniform(0.04, 0.09, wooded.sum()))


def near_trees():
    """A group at the left and one at the right edge of the near shore."""
    return [(slope * z, z, size) for slope, z, size in (
        (-0.365, 0.60, 0.200), (-0.325, 0.66, 0.150), (-0.285, 0.64, 0.090), (-0.345, 0.70, 0.180),
        (-0.390, 0.56, 0.120), (-0.262, 0.68, 0.052), (0.375, 0.62, 0.135), (0.342, 0.67, 0.092), (0.394, 0.58, 0.070))]


def render_water(picture, hit, sx, sy):
    """The lake mirrors what stands above its shore, drawn out by ripples."""
    rows, columns = hit.shape
    seen = np.isfinite(hit)
    z = np.where(seen, hit, 1)
    water = seen & (height(sx * z, z) <= 0.0)
    row, column = np.nonzero(water)
    x, z = (sx * hit)[water], hit[water]
    far = np.clip(z / 4, 0, 1)
    ripple = fbm(x * 26, z * 9, 4, 150) + 0.6 * fbm(x * 80, z * 30, 3, 155)
    breeze = smoothstep(-0.15, 0.35, fbm(x * 1.1, z * 0.9, 3, 158))
    amplitude = (3 + 20 * breeze) * (1 - 0.75 * far) * OVER
    shore = 2 * HORIZON * rows - row
    mirror = np.clip(shore - 2 + ripple * amplitude + 5 * OVER * breeze, 0, rows - 1)
    sideways = np.clip(column + ripple * amplitude * 0.22, 0, columns - 1)
    r0, c0 = mirror.astype(int), sideways.astype(int)
    fraction = mirror - r0
    reflected = mix(picture[r0, c0], picture[np.minimum(r0 + 1, rows - 1), c0], fraction)
    grazing = np.abs(sy[water]) / np.sqrt(1 + sy[water] ** 2)
    fresnel = np.clip(0.03 + 0.97 * (1 - np.clip(grazing + 0.12 * np.abs(ripple), 0, 1)) ** 5, 0, 1)
    deep = mix(rgb("10323c"), rgb("3d5a4a"), smoothstep(-0.012, 0, height(x, z)))
    glint = smoothstep(0.62, 0.95, ripple) * breeze
    result = picture.copy()
    result[row, column] = mix(deep * 0.55, reflected * 0.93, fresnel) + glint[:, None] * np.array([0.30, 0.26, 0.20])
    return result


def grow_grass(picture, rng):
    """Blades and flowers of the near meadow, from the back to the front."""
    rows, columns = picture.shape[:2]
    count = 26000
    feet = rng.uniform(-0.02, 1.02, count)
    depths = np.sort(rng.uniform(0, 1, count) ** 1.15)
    patches = fbm(feet * 6, depths * 5, 3, 175)
    for d, foot_x, patch in zip(depths, feet, patches):
        shore = 0.675 + 0.012 * np.sin(foot_x * 23) + 0.006 * np.sin(foot_x * 71)
        foot_y = shore + (1.09 - shore) * d
        tall = (0.008 + 0.085 * d ** 1.4 * rng.uniform(0.4, 1.15)) * rows
        bend = rng.normal(0.10, 0.26) * tall
        steps = max(int(tall * 1.25), 4)
        t = np.linspace(0, 1, steps)
        xs, ys = foot_x * columns + bend * t * t, foot_y * rows - tall * t
        wide = (0.5 + 1.7 * d * OVER * 0.7) * (1 - t) ** 0.7
        hue = np.clip(0.36 + 0.6 * patch + rng.normal(0, 0.16), 0, 1)
        base = mix(rgb("2b4519"), rgb("a89a55"), hue)
        light = (0.2 + 0.8 * t) * rng.uniform(0.5, 1.2)
        for cx, cy, w, l in zip(xs, ys, wide, light):
            a, b, r = int(cx - w), int(cx + w) + 1, int(cy)
            if 0 <= r < rows and b > 0 and a < columns:
                picture[r, max(a, 0):b] = mix(picture[r, max(a, 0):b], base * l * np.array([1.25, 1.1, 0.85]), 0.85)
        if rng.uniform() < 0.03 * (0.3 + d):
            petal = [rgb("f3efe4"), rgb("e8c33c"), rgb("8e6fc4"), rgb("d9553f")][rng.integers(4)]
            radius = (0.9 + 3.0 * d * rng.uniform(0.6, 1.1)) * OVER * 0.75
            grid = np.arange(-int(radius * 1.5) - 1, int(radius * 1.5) + 2)
            gx, gy = np.meshgrid(grid, grid * 1.35)
            angle = np.arctan2(gy, gx)
            shape = smoothstep(0.4, -0.4, np.hypot(gx, gy) - radius * (0.75 + 0.25 * np.cos(angle * 6)))
            heart = smoothstep(0.4, -0.4, np.hypot(gx, gy) - radius * 0.3)
            flower = mix(petal * (1.15 - 0.3 * (gx / (radius + 1)))[..., None], rgb("8a5a14"), heart)
            stamp(picture, flower, shape, int(xs[-1]) - len(grid) // 2, int(ys[-1]) - len(grid) // 2)


def render():
    """BGR, 8 bits."""
    rng = np.random.Generator(np.random.PCG64(2))
    hit, sx, sy = march(np.arange(WIDTH * OVER) + 0.5, np.arange(HEIGHT * OVER) + 0.5)
    picture = render_ground(hit, sx, sy)
    plant(picture, hit, woods(rng))
    picture = render_water(picture, hit, sx, sy)
    plant(picture, hit, near_trees())
    grow_grass(picture, rng)
    return to_bytes(shrink(picture, OVER) * 0.62)[..., ::-1]

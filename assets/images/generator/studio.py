# SPDX-License-Identifier: Apache-2.0
"""A still life for smooth shading and sharp edges: ray-traced balls on a wooden table, a printed card behind them."""
import cv2
import numpy as np

from noise import fbm, gradient_noise, mix, rgb, shrink, smoothstep, to_bytes

WIDTH, HEIGHT, OVER = 640, 480, 3
EYE = np.array([0.0, 1.9, -6.2])
LAMP, LAMP_SIZE = np.array([-3.6, 5.2, -3.0]), 1.1
BALLS = [  # centre, radius, colour, mirror
    ((-1.45, 0.80, 0.35), 0.80, "b3261e", 0.06), ((0.15, 0.52, -0.95), 0.52, "e6a92f", 0.04),
    ((1.55, 0.95, 0.60), 0.95, "d7dde4", 0.62), ((0.95, 0.30, -1.75), 0.30, "2563a8", 0.08),
    ((-0.75, 0.26, -1.55), 0.26, "3c8a5d", 0.05)]
WALL, AWAY = 2.6, 40.0  # depth of the card's plane; from where on there is only the room


def card():
    """What is printed on the wall: a title, small print, line pairs and a wedge, in linear light."""
    page = np.full((900, 1800), 255, np.uint8)
    face = cv2.FONT_HERSHEY_COMPLEX
    cv2.putText(page, "CALOTYPE", (70, 210), face, 5.6, 20, 9, cv2.LINE_AA)
    text = ("The image is latent: nothing is seen on the paper until it is developed.",
            "Exposed in the camera, then washed with gallo-nitrate of silver, it appears",
            "by degrees, the high lights first. One negative makes any number of prints.")
    for line, words in enumerate(text):
        cv2.putText(page, words, (76, 300 + 52 * line), face, 1.18, 40, 2, cv2.LINE_AA)
    x = 80
    for width in (12, 9, 7, 5, 4, 3):
        for bar in range(6):
            cv2.rectangle(page, (x + 2 * bar * width, 470), (x + (2 * bar + 1) * width - 1, 600), 25, -1)
        x += 13 * width + 28
    for angle in np.linspace(0, np.pi, 25):
        tip = (int(1500 + 190 * np.cos(angle)), int(660 - 190 * np.sin(angle)))
        cv2.line(page, (1500, 660), tip, 30, 3, cv2.LINE_AA)
    return (page / 255.0) ** 2.2


def bilinear(page, u, v):
    """The page at fractions of its width and height; white outside."""
    inside = (u > 0) & (u < 1) & (v > 0) & (v < 1)
    value = cv2.remap(page.astype(np.float32), (u * (page.shape[1] - 1)).astype(np.float32),
                      (v * (page.shape[0] - 1)).astype(np.float32), cv2.INTER_LINEAR).reshape(u.shape)
    return np.where(inside, value, 1), inside


def surface(point, which, page):
    """Colour of the table (-1), the wall (-2) or a ball."""
    x, y, z = np.moveaxis(point, -1, 0)
    plank = np.floor(x / 0.9 + 40)
    along = z + plank * 3.7
    ring = fbm(x * 5.5 + plank * 7, along * 0.45, 5, 200)
    grain = gradient_noise(x * 70 + 3 * ring, along * 2.4, 210)
    wood = mix(rgb("6b4326"), rgb("b98453"), np.clip(0.5 + 1.1 * np.sin(9 * ring) * 0.4 + 0.35 * grain, 0, 1))
    gap = np.abs(x / 0.9 - np.round(x / 0.9))
    wood = wood * (0.35 + 0.65 * smoothstep(0.004, 0.016, gap))[..., None]
    print_, inside = bilinear(page, (x + 2.9) / 5.8, 1 - (y - 0.35) / 2.9)
    plaster = 0.9 + 0.12 * fbm(x * 5, y * 5, 6, 220)
    paper = mix(rgb("f5efe0"), rgb("f2e9d3"), np.clip(0.5 + fbm(x * 3, y * 3, 4, 230), 0, 1))
    wall = np.where(inside[..., None], paper * print_[..., None], rgb("7c8a8c") * plaster[..., None])
    colour = np.where((which == -1)[..., None], wood, wall)
    for index, (_, _, text, _) in enumerate(BALLS):
        colour = np.where((which == index)[..., None], rgb(text), colour)
    return colour


def cast(origin, direction):
    """Nearest hit of each ray: distance and what was hit, -3 for the room around."""
    with np.errstate(divide="ignore", invalid="ignore"):
        table = np.where(direction[..., 1] < 0, -origin[..., 1] / direction[..., 1], np.inf)
        wall = np.where(direction[..., 2] > 0, (WALL - origin[..., 2]) / direction[..., 2], np.inf)
    distance, which = np.minimum(table, wall), np.where(table < wall, -1, -2)
    distance, which = np.where(distance < AWAY, distance, AWAY), np.where(distance < AWAY, which, -3)
    for index, (centre, radius, _, _) in enumerate(BALLS):
        offset = origin - np.array(centre)
        b = np.sum(offset * direction, -1)
        root = b * b - np.sum(offset * offset, -1) + radius * radius
        t = -b - np.sqrt(np.maximum(root, 0))
        closer = (root > 0) & (t > 1e-4) & (t < distance)
        distance, which = np.where(closer, t, distance), np.where(closer, index, which)
    return distance, which


def normal_at(point, which):
    normal = np.where((which == -1)[..., None], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0])
    for index, (centre, radius, _, _) in enumerate(BALLS):
        normal = np.where((which == index)[..., None], (point - np.array(centre)) / radius, normal)
    return normal


def light(point, normal, which):
    """Direct light with the soft shadow of a round lamp, and sky light dimmed where balls stand near."""
    to_lamp = LAMP - point
    far = np.sqrt(np.sum(to_lamp ** 2, -1))
    to_lamp = to_lamp / far[..., None]
    visible, open_sky = np.ones(far.shape), np.ones(far.shape)
    for index, (centre, radius, _, _) in enumerate(BALLS):
        offset = np.array(centre) - point
        along = np.sum(offset * to_lamp, -1)
        miss = np.sqrt(np.maximum(np.sum(offset ** 2, -1) - along ** 2, 0))
        blur = LAMP_SIZE * np.maximum(along, 0.05) / far
        covered = smoothstep(radius + blur, radius - blur, miss) * (along > 0) * (which != index)
        visible = visible * (1 - covered)
        span = np.sqrt(np.sum(offset ** 2, -1))
        up = np.clip(np.sum(normal * offset, -1) / span, 0, 1)
        open_sky = open_sky * np.where(which == index, 1, 1 - up * np.minimum(radius / span, 1) ** 2)
    down = np.where(which >= 0, np.exp(-1.5 * np.maximum(point[..., 1], 0)) * np.clip(-normal[..., 1] + 0.4, 0, 1), 0)
    lambert = np.clip(np.sum(normal * to_lamp, -1), 0, 1) * visible
    lit = lambert[..., None] * np.array([2.5, 2.2, 1.8]) * (40 / (far ** 2))[..., None]
    sky = (open_sky * (0.6 + 0.4 * normal[..., 1]))[..., None] * np.array([0.26, 0.32, 0.42])
    return lit + sky + down[..., None] * np.array([0.22, 0.13, 0.07]), to_lamp, visible


def trace(origin, direction, page, bounces):
    distance, which = cast(origin, direction)
    point = origin + direction * distance[..., None]
    normal = normal_at(point, which)
    lit, to_lamp, visible = light(point, normal, which)
    room = mix(rgb("3c4247"), rgb("dfe6ee"), smoothstep(0.1, 0.9, direction[..., 1]))
    colour = np.where((which == -3)[..., None], room, surface(point, which, page) * lit)
    if not bounces:
        return colour
    facing = np.clip(-np.sum(direction * normal, -1), 0, 1)
    mirrored = direction + 2 * facing[..., None] * normal
    base = np.full(which.shape, 0.0)
    for index, (_, _, _, mirror) in enumerate(BALLS):
        base = np.where(which == index, mirror, base)
    base = np.where(which == -1, 0.025, base)
    shiny = np.where(which < -1, 0, base + (0.7 - 0.6 * base) * (1 - facing) ** 5 * np.where(which == -1, 0.5, 1))
    reflected = trace(point + normal * 1e-3, mirrored, page, bounces - 1)
    highlight = np.clip(np.sum(mirrored * to_lamp, -1), 0, 1) ** 180 * visible * (which >= 0) * 5
    return mix(colour, reflected, shiny) + highlight[..., None]


def render():
    """BGR, 8 bits."""
    page = card()
    x = (np.arange(WIDTH * OVER) + 0.5) / (WIDTH * OVER) - 0.5
    bands = []
    for y in np.array_split(np.arange(HEIGHT * OVER) + 0.5, 12):  # in bands, to keep memory small
        rise = 0.5 * HEIGHT / WIDTH - y / (WIDTH * OVER)
        direction = np.stack(np.broadcast_arrays(x[None] * 0.92, rise[:, None] * 0.92 - 0.09, 1.0), -1)
        direction = direction / np.sqrt(np.sum(direction ** 2, -1, keepdims=True))
        bands.append(trace(np.broadcast_to(EYE, direction.shape), direction, page, 2))
    return to_bytes(shrink(np.concatenate(bands), OVER) * 0.5)[..., ::-1]

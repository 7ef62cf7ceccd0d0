# SPDX-License-Identifier: Apache-2.0
"""What happens to pictures: noise, JPEG, holes. Every function takes RGB uint8 crops N,H,W,3 and gives (damaged, map, clean), floats N,C,H,W from 0 to 1."""
import math
import cv2
import numpy as np
import torch
from restore.holes import fill, random_mask

SIGMA = 75                                       # largest noise level, in units of 1/255


def planes(x):
    return x.permute(0, 3, 1, 2).float().div_(255)


def greyed(crops, rng):
    """A tenth of the crops without colour: grey pictures come as three equal channels, with equal noise."""
    grey = torch.from_numpy(rng.random(len(crops)) < .1)
    mean = crops.float().mean(3, keepdim=True).round().to(crops.dtype).expand_as(crops)
    return torch.where(grey[:, None, None, None], mean, crops), grey[:, None, None, None]


def noise(crops, rng):
    """White Gaussian noise of a known level; most levels up to 55, some up to SIGMA."""
    crops, grey = greyed(crops, rng)
    clean = planes(crops)
    sigma = torch.from_numpy(np.where(rng.random(len(clean)) < .9, rng.random(len(clean)) * 55, rng.random(len(clean)) * SIGMA)).float() / 255
    sigma = sigma[:, None, None, None].expand(-1, 1, *clean.shape[2:])
    grain = torch.randn_like(clean)
    return clean + sigma * torch.where(grey, grain[:, :1], grain), sigma, clean


def recompress(rgb, quality, sampling):
    """Through JPEG; sampling 0x111111 is 4:4:4, 0x221111 is 4:2:0."""
    _, file = cv2.imencode('.jpg', rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality), cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling])
    return cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1]


def jpeg(crops, rng):
    """JPEG artefacts; the map says how far the quality is from 100. Sometimes the grid of blocks does not begin at the crop's corner."""
    out, crops = [], greyed(crops, rng)[0].numpy()
    quality = np.clip(rng.choice([rng.integers(5, 101, len(crops)), rng.integers(5, 41, len(crops))]), 1, 100)
    for x, q in zip(crops, quality):
        dy, dx = rng.integers(0, 8, 2) if rng.random() < .25 else (0, 0)
        sampling = 0x221111 if rng.random() < .7 else 0x111111
        padded = np.pad(x, ((dy, 0), (dx, 0), (0, 0)), 'reflect')
        out.append(recompress(np.ascontiguousarray(padded), q, sampling)[dy:, dx:])
    strength = torch.from_numpy(1 - quality / 100).float()[:, None, None, None].expand(-1, 1, *crops.shape[1:3])
    return planes(torch.from_numpy(np.stack(out))), strength, planes(torch.from_numpy(crops))


def holes(crops, rng):
    """Missing pixels, filled roughly; the map is the mask."""
    crops, filled, masks = crops.numpy(), [], []
    for x in crops:
        mask = random_mask(*x.shape[:2], rng)
        filled.append(fill(x, mask))
        masks.append(mask)
    masks = torch.from_numpy(np.stack(masks))[:, None].float()
    return planes(torch.from_numpy(np.stack(filled))), masks, planes(torch.from_numpy(crops))


def camera(crops, rng):
    """What photographs really suffer from: noise that grows with the light, sensor noise blurred by demosaicking and scaling, JPEG; in random order (after Zhang et al., SCUNet). The map is the noise's deviation, or zero for a network that is to judge itself."""
    clean, crops = planes(crops), crops.numpy()
    noisy = []
    for x in crops:
        h, w = x.shape[:2]
        y, f = x.astype(np.float32) / 255, math.exp(rng.uniform(math.log(.5), math.log(1.6)))
        grain = rng.standard_normal((round(h * f), round(w * f), 3)).astype(np.float32)
        if rng.random() < .4:                    # one channel for all: luminance noise
            grain = .8 * grain[..., :1] + .4 * grain
        grain = cv2.resize(grain, (w, h), interpolation=cv2.INTER_LINEAR if f < 1 else cv2.INTER_AREA)
        grain /= grain.std()
        level = rng.uniform(0, 45) / 255 * (rng.random() ** .5)
        light = np.sqrt(rng.uniform(0, 1) * y + rng.uniform(.1, 1)) if rng.random() < .8 else 1.
        y = y + grain * level * light
        y = np.clip(y, 0, 1)
        if rng.random() < .6:
            y = recompress((y * 255 + .5).astype(np.uint8), rng.integers(40, 98), rng.choice([0x221111, 0x111111])).astype(np.float32) / 255
        noisy.append(y)
    noisy = torch.from_numpy(np.stack(noisy)).permute(0, 3, 1, 2)
    sigma = (noisy - clean).std((1, 2, 3), keepdim=True)
    sigma[torch.from_numpy(rng.random(len(sigma)) < .6)] = 0
    sigma = sigma.expand(-1, 1, *clean.shape[2:])
    return noisy, sigma, clean


TASKS = dict(denoise=noise, photo=camera, deblock=jpeg, inpaint=holes)

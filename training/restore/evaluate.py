# SPDX-License-Identifier: Apache-2.0
"""PSNR of a restoring network on pictures that it was not trained on: python -m restore.evaluate CHECKPOINT --task TASK --data DIR.

Eight-bit pictures, noise of a fixed seed neither clipped nor rounded, PSNR of all three channels after rounding to eight bits, mean over the pictures.
"""
import argparse
import os
import numpy as np
import torch
import torch.nn.functional as F
from common.data import pictures
from restore.degrade import camera, recompress
from restore.export import load
from restore.holes import KINDS, fill
from restore.model import build


def psnr(x, clean, mask=None):
    square = (x.clip(0, 255).round() - clean.astype(np.float32)) ** 2
    return 10 * np.log10(255 ** 2 / (square.mean() if mask is None else square[mask > 0].mean()))


@torch.no_grad()
def restore(net, damaged, condition):
    """RGB float H,W,3 from 0 to 255 and the map H,W, or one number."""
    h, w = damaged.shape[:2]
    condition = np.broadcast_to(np.float32(condition), (h, w))
    x = torch.from_numpy(np.dstack((damaged / np.float32(255), condition))).permute(2, 0, 1)[None]
    m, dev = net.multiple, net.head.weight.device
    padded = F.pad(x, (0, -w % m, 0, -h % m), 'replicate').to(dev).contiguous(memory_format=torch.channels_last)
    wrong = net(padded)[0, :, :h, :w].float().permute(1, 2, 0).cpu().numpy() * 255
    return damaged - wrong


def denoise(net, clean, sigma, rng):
    noisy = clean + rng.standard_normal(clean.shape).astype(np.float32) * sigma
    return psnr(restore(net, noisy, sigma / 255), clean), psnr(noisy, clean)


def photo(net, clean, _, rng):
    """Noise of cameras, which the network is to judge itself."""
    damaged = camera(torch.from_numpy(clean)[None], rng)[0][0].permute(1, 2, 0).numpy() * 255
    return psnr(restore(net, damaged, 0), clean), psnr(damaged, clean)


def deblock(net, clean, quality, _):
    damaged = recompress(clean, quality, 0x221111).astype(np.float32)
    return psnr(restore(net, damaged, 1 - quality / 100), clean), psnr(damaged, clean)


def inpaint(net, clean, kind, rng):
    mask = np.zeros(clean.shape[:2], np.uint8)
    KINDS[kind](mask, rng)
    filled = fill(clean, mask).astype(np.float32)
    return psnr(restore(net, filled, mask), clean, mask), psnr(filled, clean, mask)


TESTS = dict(denoise=('cbsd68', denoise, (15, 25, 50)), photo=('kodak', photo, ('camera',)), deblock=('kodak', deblock, (10, 20, 40, 90)), inpaint=('kodak', inpaint, tuple(KINDS)))


def evaluate(net, task, data, every=1):
    """{level: (restored dB, damaged dB)}."""
    folder, test, levels = TESTS[task]
    rng, clean = np.random.default_rng(0), pictures(os.path.join(data, folder), every)
    return {str(level): tuple(round(float(v), 3) for v in np.mean([test(net, im, level, rng) for im in clean], 0)) for level in levels}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('checkpoint')
    ap.add_argument('--task', choices=TESTS, required=True)
    ap.add_argument('--data', required=True)
    ap.add_argument('--every', type=int, default=1, help='only every n-th picture')
    a = ap.parse_args()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        print(evaluate(build(load(a.checkpoint)).eval(), a.task, a.data, a.every))


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: Apache-2.0
"""Trains the codec: python -m codec.train NAME --data DIR --minutes M [--resume FILE|FOLDER].

--resume takes a checkpoint or a folder of exported files. Without it: --entropy-only for some minutes first (the shortcut is a fixed
block KLT, only the entropy model learns), then everything.
"""
import argparse
import math
import os
import time
from collections import defaultdict
import numpy as np
import torch
import torch.nn.functional as F
from codec.dead import dead_units
from codec.model import LAMBDA, RATES, LatentCodec, build
from common.data import Crops, photographs, pictures, tensor
from common.ms_ssim import ms_ssim
from common.trainer import add_options, train, weights

MS_SSIM = 1280.                                  # of 1 - MS-SSIM, against the squared error in levels, at about the same rates (CompressAI's pairs of lambda)


def options():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(ap, lr=1.5e-3, batch=8, crop=192)
    ap.add_argument('--entropy-only', action='store_true')
    ap.add_argument('--encoder-only', action='store_true', help='files stay readable by the decoder that there is')
    ap.add_argument('--dense-a', type=int, nargs='*', default=[], help='widths of dense blocks in the analysis')
    ap.add_argument('--dense-s', type=int, nargs='*', default=[], help='widths of dense blocks in the synthesis')
    ap.add_argument('--shortcut', type=float, default=.05, help='relative rate of the shortcut')
    ap.add_argument('--tune', choices=('psnr', 'ms-ssim'), default='psnr', help='distortion to train for')
    return ap.parse_args()


def load(path):
    if os.path.isdir(path):
        from codec.weights import read_folder
        return read_folder(path)
    return weights(path)


def evaluate(net, pictures, dev):
    """Per rate anchor, means over the pictures: bits per pixel, PSNR, MS-SSIM as -10 log10(1 - x)."""
    def measure(x, q):
        h, bits, _ = net(x, torch.tensor([float(q)], device=dev), hard=True)
        h = (h.clamp(0, 1) * 255).round() / 255
        return [bits.mean().item()] + [-10 * math.log10(d) for d in (F.mse_loss(h, x).item(), 1 - ms_ssim(h, x).item())]

    with torch.no_grad(), torch.autocast(dev, dtype=torch.bfloat16):
        return [np.mean([measure(x, q) for x in pictures], 0).tolist() for q in range(RATES)]


def distortion(xh, x, tune):
    """Per picture, comparable with bits per pixel when multiplied by lambda."""
    squares = ((xh - x) ** 2).mean((1, 2, 3)) * 255 ** 2
    return squares if tune == 'psnr' else MS_SSIM * (1 - ms_ssim(xh, x)) + .1 * squares


class Batches:
    """Crops with a stratified draw of rates; half of them between the anchors, where the gains are interpolated."""
    def __init__(self, crops):
        self.crops = crops

    def next(self):
        x = self.crops.next()
        rate = (torch.randperm(len(x)) + torch.rand(len(x))) * (RATES / len(x)) - .5
        return x, torch.where(torch.rand(len(x)) < .5, rate.round(), rate).clamp(0, RATES - 1)


class CodecTask:
    def __init__(self, a):
        self.a, self.images = a, photographs(a.data)

    def network(self):
        """To train from."""
        a, images = self.a, self.images
        if a.resume:
            net = build(load(a.resume), dense_a=a.dense_a, dense_s=a.dense_s)
        else:
            net, feed = LatentCodec(dense_a=a.dense_a, dense_s=a.dense_s), Crops(images, 1, 16, a.seed)
            net.init_pca(torch.from_numpy(np.stack([feed.patch(16) for _ in range(60000)])).permute(0, 3, 1, 2).float() / 255)
        if a.entropy_only:
            for t in (net.ga.tail, net.gs.tail):
                torch.nn.init.zeros_(t.weight)
            for p in [*net.ga.parameters(), *net.gs.parameters(), net.gain, net.correction]:
                p.requires_grad_(False)
        if a.encoder_only:
            for n, p in net.named_parameters():
                p.requires_grad_(n.split('.')[0] in ('ga', 'ha'))
        if a.tune != 'psnr':                     # three inverse GDNs multiply signals by themselves, and run away where errors cost little
            for p in [*net.gs.branch.parameters(), *net.gs.dense.parameters(), *net.gs.last.parameters()]:
                p.requires_grad_(False)
        return net

    def feed(self, rank):
        return Batches(Crops(self.images, self.a.batch, self.a.crop, int(time.time()) * 16 + rank))

    @staticmethod
    def pixels(x):
        return x.permute(0, 3, 1, 2).float().div_(255)

    def loss(self, net, batch):
        x, rate = self.pixels(batch[0]), batch[1]
        xh, bits, _ = net(x, rate)
        l = LAMBDA[0] * (LAMBDA[1] / LAMBDA[0]) ** rate
        # MS-SSIM is stiff for dark and flat crops at high rates: less weight for these.
        power, factor = (.5, .1) if self.a.tune == 'psnr' else (.75, .03)
        return ((l * distortion(xh, x, self.a.tune) + bits) / l ** power).mean() * factor

    def groups(self, net):
        rates = {'.linear.': self.a.shortcut, '.norm.bias': .5, '.norm.weight': .03, '.tail.bias': .1}
        groups, matrices = defaultdict(list), []
        for n, p in net.named_parameters():
            special = [r for key, r in rates.items() if key in n]
            if not p.requires_grad:
                continue
            if p.ndim == 4 and p.shape[1] > 1 and not special:
                matrices.append(p)
            else:
                groups[special[0] if special else 1.].append(p)
        return matrices, [(p, r) for r, p in groups.items()]

    def evaluate(self, net):
        dev = net.gain.device.type
        kodak = [tensor(im).to(dev) for im in pictures(os.path.join(self.a.data, 'kodak'), every=4)]
        return dict(kodak6=evaluate(net, kodak, dev))

    def watch(self, net, batch):
        return 'dead units ' + dead_units(net, self.pixels(batch[0]), batch[1])


if __name__ == '__main__':
    arguments = options()
    train(arguments, CodecTask(arguments))

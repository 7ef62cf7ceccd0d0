# SPDX-License-Identifier: Apache-2.0
"""Trains a restoring network: python -m restore.train NAME --task denoise|photo|deblock|inpaint [--tier fast|good] --data DIR --minutes M [--resume FILE.pt|FILE.onnx]."""
import argparse
import queue
import threading
import time
import numpy as np
import torch
import torch.nn.functional as F
from common.data import Crops, photographs
from common.trainer import add_options, train
from restore.degrade import TASKS
from restore.evaluate import evaluate
from restore.export import load
from restore.model import TIERS, Restorer, build


class Batches:
    """Damaged crops, made by a thread."""
    def __init__(self, images, task, batch, crop, seed):
        self.crops, self.damage = Crops(images, batch, crop, seed), TASKS[task]
        self.rng, self.queue = np.random.default_rng(seed + 1), queue.Queue(4)
        threading.Thread(target=self.produce, daemon=True).start()

    def produce(self):
        while True:
            self.queue.put(self.damage(self.crops.next(), self.rng))

    def next(self):
        return self.queue.get()


class RestoreTask:
    def __init__(self, a):
        self.a, self.images = a, photographs(a.data)

    def network(self):
        return build(load(self.a.resume)) if self.a.resume else Restorer(TIERS[self.a.tier])

    def feed(self, rank):
        return Batches(self.images, self.a.task, self.a.batch, self.a.crop, int(time.time()) * 16 + rank)

    def loss(self, net, batch):
        damaged, condition, clean = batch
        wrong = net(torch.cat((damaged, condition), 1).contiguous(memory_format=torch.channels_last)).float() - (damaged - clean)
        if self.a.task == 'inpaint':             # only the holes; squares where errors are small, for they count in PSNR
            return (((wrong ** 2 + .05 ** 2).sqrt() - .05) * condition).sum() / condition.sum()
        # Light damage leaves small errors, which count no less in dB.
        weight = .25 * ((damaged - clean).abs().mean((1, 2, 3)) + .01) ** -.5
        return (wrong.abs().mean((1, 2, 3)) * weight).mean()

    def groups(self, net):
        ends = [net.head.weight, net.tail.weight]
        return [p for p in net.parameters() if not any(p is e for e in ends)], [(ends, .3)]

    def evaluate(self, net):
        return evaluate(net, self.a.task, self.a.data, every=6)

    def watch(self, net, batch):
        with torch.no_grad():
            x = net.head(F.pixel_unshuffle(torch.cat(batch[:2], 1), 2))
            return 'size of the first signals %.3f' % x.pow(2).mean().sqrt().item()


def options():
    ap = argparse.ArgumentParser(description=__doc__)
    add_options(ap, lr=2e-3, batch=8, crop=128)
    ap.add_argument('--task', choices=TASKS, required=True)
    ap.add_argument('--tier', choices=TIERS, default='fast')
    return ap.parse_args()


if __name__ == '__main__':
    arguments = options()
    train(arguments, RestoreTask(arguments))

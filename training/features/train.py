# SPDX-License-Identifier: Apache-2.0
"""Trains the feature network on the teacher's outputs: python -m features.train NAME --data DATA --minutes M [--resume FILE]."""
import argparse
import os
import time
import cv2
import torch.nn.functional as F
from common.trainer import add_options, train
from features.data import Batches
from features.evaluate import evaluate
from features.model import FEATURES, FeatureNetwork, load, normalised


class FeatureTask:
    def __init__(self, a):
        self.a = a

    def network(self):
        return load(self.a.resume) if self.a.resume else FeatureNetwork()

    def feed(self, rank):
        cv2.setNumThreads(1)
        return Batches(os.path.join(self.a.data, 'cache'), self.a.batch, self.a.crop, int(time.time()) * 16 + rank, rank, self.a.processes)

    def loss(self, net, batch):
        pictures, taught = batch
        pooled, logits = net(normalised(pictures))
        classes = F.kl_div(F.log_softmax(logits.float(), 1), F.log_softmax(taught[:, FEATURES:], 1), reduction='batchmean', log_target=True)
        return classes + 2 * (1 - F.cosine_similarity(pooled.float(), taught[:, :FEATURES], 1).mean())

    def groups(self, net):
        first = lambda name: name.startswith(('stem', 'classify'))
        matrices = [p for n, p in net.named_parameters() if p.ndim > 1 and not first(n)]
        return matrices, [([p for n, p in net.named_parameters() if p.ndim == 1 or first(n)], 1.)]

    def evaluate(self, net):
        return evaluate(net, self.a.data)

    def watch(self, net, batch):
        return 'loss of the averaged weights %.4f' % self.loss(net, batch).item()


def options():
    ap = argparse.ArgumentParser(description=__doc__)
    add_options(ap, lr=2e-3, batch=64, crop=128)
    return ap.parse_args()


if __name__ == '__main__':
    arguments = options()
    train(arguments, FeatureTask(arguments))

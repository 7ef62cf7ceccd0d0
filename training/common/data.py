# SPDX-License-Identifier: Apache-2.0
"""Photographs, random crops, evaluation pictures."""
import glob
import os
import queue
import threading
import cv2
import numpy as np
import torch


def read(path):
    """RGB uint8 picture."""
    return cv2.cvtColor(cv2.imread(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def photographs(folder):
    """All JPEG and PNG pictures in DIR/photos-* (or in DIR itself when there are none such)."""
    files = sorted(glob.glob(os.path.join(folder, 'photos-*', '*.*'))) or sorted(glob.glob(os.path.join(folder, '*.*')))
    return [read(f) for f in files if f.lower().endswith(('.jpg', '.jpeg', '.png'))]


def pictures(folder, every=1):
    """Every n-th picture of an evaluation folder, sorted by name."""
    return [read(f) for f in sorted(glob.glob(os.path.join(folder, '*.png')))[::every]]


def tensor(picture):
    """RGB uint8 picture to 1,3,H,W from 0 to 1."""
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255


class Crops:
    """Batches of random crops, in any of eight orientations, cut by a thread; uint8 N,H,W,3."""
    def __init__(self, images, batch, crop, seed):
        self.images, self.batch, self.crop = images, batch, crop
        self.rng, self.queue = np.random.default_rng(seed), queue.Queue(4)
        sizes = np.array([im.shape[0] * im.shape[1] for im in images], float)
        self.p = sizes / sizes.sum()
        threading.Thread(target=self.produce, daemon=True).start()

    def patch(self, size):
        im = self.images[self.rng.choice(len(self.images), p=self.p)]
        r, c = self.rng.integers(im.shape[0] - size + 1), self.rng.integers(im.shape[1] - size + 1)
        crop = im[r:r + size, c:c + size]
        down, right, turn = self.rng.integers(2, size=3)
        return (crop.swapaxes(0, 1) if turn else crop)[::2 * down - 1, ::2 * right - 1]

    def produce(self):
        while True:
            self.queue.put(torch.from_numpy(np.stack([self.patch(self.crop) for _ in range(self.batch)])))

    def next(self):
        return self.queue.get()


SOURCE = '615 CC0, CC BY, CC BY-SA and Unsplash photographs'   # what DIR/photos-* was for the shipped weights

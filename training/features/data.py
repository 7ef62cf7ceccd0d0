# SPDX-License-Identifier: Apache-2.0
"""Batches of the crops that features.cache has made."""
import glob
import os
import queue
import threading
import cv2
import numpy as np
import torch


class Shards:
    """All crops that are there now."""
    def __init__(self, folder):
        self.folder, self.shards, self.known = folder, [], set()
        self.look()

    def look(self):
        for path in sorted(set(glob.glob(os.path.join(self.folder, '*.teacher.npy'))) - self.known):
            self.known.add(path)
            base = path[:-len('.teacher.npy')]
            self.shards.append((np.memmap(base + '.jpegs', np.uint8, 'r'), np.load(base + '.ends.npy'), np.load(path, mmap_mode='r')))

    def crop(self, shard, i):
        """Its picture, RGB, and the teacher's outputs."""
        jpegs, ends, teacher = self.shards[shard]
        return cv2.imdecode(jpegs[ends[i - 1] if i else 0:ends[i]], cv2.IMREAD_COLOR)[:, :, ::-1], teacher[i]


class Batches:
    """Crops in random order, mirrored at random, reduced to `size`, with the teacher's outputs; made by a thread. `rank` of `world` sees its share of each shard."""
    def __init__(self, folder, batch, size, seed, rank, world):
        self.shards, self.batch, self.size, self.rank, self.world = Shards(folder), batch, size, rank, world
        self.rng, self.queue = np.random.default_rng(seed), queue.Queue(4)
        if not self.shards.shards:
            raise SystemExit(f'{folder} holds no crops: make them with features.cache')
        threading.Thread(target=self.produce, daemon=True).start()

    def order(self):
        """Every crop of the share once; the next round begins with what has come meanwhile."""
        self.shards.look()
        all = np.concatenate([np.stack([np.full(len(s[1]), k), np.arange(len(s[1]))], 1)[self.rank::self.world] for k, s in enumerate(self.shards.shards)])
        return self.rng.permutation(all)

    def produce(self):
        while True:
            order = self.order()
            for at in range(0, len(order) - self.batch + 1, self.batch):
                pairs = [self.shards.crop(*place) for place in order[at:at + self.batch]]
                pictures = [p if p.shape[0] == self.size else cv2.resize(p, (self.size, self.size), interpolation=cv2.INTER_AREA) for p, _ in pairs]
                pictures = [p[:, ::-1] if m else p for p, m in zip(pictures, self.rng.integers(2, size=self.batch))]
                self.queue.put((torch.from_numpy(np.stack(pictures)), torch.from_numpy(np.stack([t for _, t in pairs]).astype(np.float32))))

    def next(self):
        return self.queue.get()

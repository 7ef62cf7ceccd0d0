# SPDX-License-Identifier: Apache-2.0
"""Random crops of photographs and what the teacher says of them, kept on disk: python -m features.cache DATA [--views 4] [--size 160].

Writes DATA/cache/NNNN.{jpegs,ends.npy,teacher.npy} of 4,096 crops each; goes on where it stopped; training takes new files up as they come.
Each photograph gives one crop to each view, in random order.
"""
import argparse
import os
import cv2
import numpy as np
from features.teacher import Teacher

SHARD, BATCH = 4096, 32
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 95]         # the teacher sees what was kept


def crop(picture, size, rng):
    """A quarter to all of the shorter side's square, of an aspect ratio from 3:5 to 5:3, perhaps mirrored, squeezed to a square."""
    h, w = picture.shape[:2]
    side, ratio = 1.1 * min(h, w) * rng.uniform(.25, 1) ** .5, np.exp(rng.uniform(-.25, .25))
    ch, cw = int(min(h, side / ratio)), int(min(w, side * ratio))
    y, x = rng.integers(h - ch + 1), rng.integers(w - cw + 1)
    part = picture[y:y + ch, x:x + cw]
    part = part[:, ::-1] if rng.integers(2) else part
    return cv2.resize(np.ascontiguousarray(part), (size, size), interpolation=cv2.INTER_AREA if ch > size else cv2.INTER_LINEAR)


def files_of(shard, files):
    """Views are permutations of all files, one after another."""
    at = np.arange(shard * SHARD, (shard + 1) * SHARD)
    order = {v: np.random.default_rng(v).permutation(len(files)) for v in np.unique(at // len(files))}
    return [files[order[i // len(files)][i % len(files)]] for i in at]


def make(shard, files, size, teacher, path):
    rng, jpegs, outputs, batch = np.random.default_rng([1, shard]), [], [], []
    for file in files_of(shard, files):
        big = os.path.getsize(file) > 400_000
        part = crop(cv2.imread(file, cv2.IMREAD_REDUCED_COLOR_2 if big else cv2.IMREAD_COLOR), size, rng)
        jpegs.append(cv2.imencode('.jpg', part, QUALITY)[1].ravel())
        batch.append(cv2.imdecode(jpegs[-1], cv2.IMREAD_COLOR)[:, :, ::-1])
        if len(batch) == BATCH:
            outputs.append(teacher(np.stack(batch)))
            batch = []
    np.concatenate(jpegs).tofile(path + '.jpegs')
    np.save(path + '.ends.npy', np.cumsum([len(j) for j in jpegs]))
    np.save(path + '.part.npy', np.concatenate(outputs))
    os.replace(path + '.part.npy', path + '.teacher.npy')      # the last: now the shard is whole


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('data')
    ap.add_argument('--views', type=float, default=4)
    ap.add_argument('--size', type=int, default=160)
    a = ap.parse_args()
    cv2.setNumThreads(1)
    with open(os.path.join(a.data, 'photos.txt')) as f:
        files = [os.path.join(a.data, line) for line in f.read().splitlines()]
    folder, teacher = os.path.join(a.data, 'cache'), Teacher(a.size, BATCH)
    os.makedirs(folder, exist_ok=True)
    for shard in range(int(a.views * len(files)) // SHARD):
        path = os.path.join(folder, f'{shard:04d}')
        if not os.path.exists(path + '.teacher.npy'):
            make(shard, files, a.size, teacher, path)
            print(path, flush=True)


if __name__ == '__main__':
    main()

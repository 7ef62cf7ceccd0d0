# SPDX-License-Identifier: Apache-2.0
"""What the feature network knows: python -m features.evaluate CHECKPOINT --data DATA [--sizes 160 192 224] [--teacher].

Classes: DATA/test/samples, one photograph of each of the 1,000 classes, named NUMBER_NAME. Features: accuracy of the five nearest neighbours
by cosine, leave-one-out, on DATA/test/flowers (17 classes of 80 by number) and DATA/test/ucmerced (a folder each class).
"""
import argparse
import json
import os
import re
import cv2
import numpy as np
import torch
from features.model import normalised
from features.photos import centre, pictures

BATCH, SIZES = 20, (160, 192, 224)


def tests(folder, label, inside=1.):
    """Middle squares at 256 pixels, of which `inside` of the side is seen, and labels by name order."""
    files = pictures(folder)
    names = [label(f) for f in files]
    order = sorted(set(names))
    squares = [centre(cv2.imread(f)) for f in files]
    margins = [round(len(s) * (1 - inside) / 2) for s in squares]
    squares = [cv2.resize(s[m:len(s) - m, m:len(s) - m], (256, 256), interpolation=cv2.INTER_AREA)[:, :, ::-1] for s, m in zip(squares, margins)]
    return np.stack(squares), np.array([order.index(n) for n in names])


def outputs(run, squares, size):
    results = []
    for at in range(0, len(squares), BATCH):
        results.append(run(np.stack([cv2.resize(s, (size, size), interpolation=cv2.INTER_AREA) for s in squares[at:at + BATCH]])))
    return np.concatenate(results)


def student(net):
    """A function like Teacher."""
    def run(batch):
        with torch.no_grad(), torch.autocast('cpu', dtype=torch.bfloat16):
            return torch.cat(net(normalised(torch.from_numpy(batch))), 1).float().numpy()
    return run


def top(logits, labels):
    best = np.argsort(-logits, 1)[:, :5]
    return [round(float((best[:, :n] == labels[:, None]).any(1).mean()), 4) for n in (1, 5)]


def neighbours(features, labels, k=5):
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    alike = unit @ unit.T
    np.fill_diagonal(alike, -9)
    nearest = np.argsort(-alike, 1)[:, :k]
    guess = [np.bincount(labels[n], weights=alike[i, n]).argmax() for i, n in enumerate(nearest)]
    return round(float((guess == labels).mean()), 4)


def measure(runner, data, sizes):
    """runner(size): a function from N,S,S,3 pictures to features and logits side by side."""
    result, of = {}, lambda name: os.path.join(data, 'test', name)
    sets = dict(samples=tests(of('samples'), lambda f: os.path.basename(f)[:9], inside=.875),
                flowers=tests(of('flowers/images_256'), lambda f: '%02d' % ((int(re.search(r'(\d+)\.', f)[1]) - 1) // 80)),
                ucmerced=tests(of('ucmerced'), lambda f: os.path.basename(os.path.dirname(f))))
    for size in sizes:
        run = runner(size)
        for name, (squares, labels) in sets.items():
            out = outputs(run, squares, size)
            result[f'{name}{size}'] = top(out[:, -1000:], labels) if name == 'samples' else neighbours(out[:, :-1000], labels)
    return result


def evaluate(net, data, sizes=SIZES):
    run = student(net)
    return measure(lambda size: run, data, sizes)


def main():
    from features.model import load
    from features.teacher import Teacher
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('checkpoint')
    ap.add_argument('--data', required=True)
    ap.add_argument('--sizes', type=int, nargs='+', default=SIZES)
    ap.add_argument('--teacher', action='store_true', help='measure the teacher instead')
    a = ap.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    result = measure(lambda size: Teacher(size, BATCH), a.data, a.sizes) if a.teacher else evaluate(load(a.checkpoint).eval(), a.data, a.sizes)
    print(json.dumps(result))


if __name__ == '__main__':
    main()

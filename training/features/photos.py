# SPDX-License-Identifier: Apache-2.0
"""Lists the photographs to train on, without near-duplicates of test pictures: python -m features.photos DATA > DATA/photos.txt.

DATA/photos/ holds the sets for training, DATA/test/ those that are never trained on.
"""
import os
import sys
import cv2
import numpy as np

SMALLEST = 150                                   # of the shorter side; smaller ones teach little
ALIKE = .97                                      # correlation of 16x16 grey thumbnails


def pictures(folder):
    return sorted(os.path.join(r, f) for r, _, files in os.walk(folder, followlinks=True) for f in files
                  if f.lower().endswith(('.jpg', '.jpeg', '.png', '.tif')))


def thumbnail(grey):
    t = cv2.resize(grey, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    t -= t.mean()
    return t / (np.linalg.norm(t) + 1e-3)


def centre(picture):
    h, w = picture.shape[:2]
    s = min(h, w)
    return picture[(h - s) // 2:(h - s) // 2 + s, (w - s) // 2:(w - s) // 2 + s]


def read_grey(path):
    return cv2.imread(path, cv2.IMREAD_GRAYSCALE)


def thumbnails_of_tests(folder):
    greys = [g for g in map(read_grey, pictures(folder)) if g is not None]
    return np.stack([thumbnail(v) for g in greys for v in (g, centre(g))])


def main():
    data = sys.argv[1]
    tests, small, alike = thumbnails_of_tests(os.path.join(data, 'test')), 0, []
    for path in pictures(os.path.join(data, 'photos')):
        grey = read_grey(path)
        if grey is None or min(grey.shape) < SMALLEST:
            small += 1
        elif max((tests @ thumbnail(g)).max() for g in (grey, centre(grey))) > ALIKE:
            alike.append(path)
        else:
            print(os.path.relpath(path, data))
    print(f'left out: {small} small or unreadable, {len(alike)} like a test picture: {alike[:20]}', file=sys.stderr)


if __name__ == '__main__':
    main()

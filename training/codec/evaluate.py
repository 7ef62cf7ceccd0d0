# SPDX-License-Identifier: Apache-2.0
"""Rate-distortion on Kodak. python -m codec.evaluate FOLDER --data DIR [--baselines DIR] measures exported files (integer path, table code lengths);
python -m codec.evaluate CHECKPOINT ... measures a float checkpoint (cross-entropies). Prints points and BD-rates (RGB PSNR, PCHIP on log bits per pixel)."""
import argparse
import glob
import json
import multiprocessing
import os
import numpy as np

HEADER = 28 * 8                                  # bits of a plain file beside the two streams
POSITIONS = range(0, 321, 32)


def pchip(x, y, at):
    """Monotone cubic interpolation (Fritsch-Carlson)."""
    h, d = np.diff(x), np.diff(y) / np.diff(x)
    m = np.zeros_like(y)
    for i in range(1, len(x) - 1):
        if d[i - 1] * d[i] > 0:
            a, b = 2 * h[i] + h[i - 1], h[i] + 2 * h[i - 1]
            m[i] = (a + b) / (a / d[i - 1] + b / d[i])
    for e, (i, j) in ((0, (0, 1)), (-1, (-1, -2))):
        v = ((2 * h[i] + h[j]) * d[i] - h[i] * d[j]) / (h[i] + h[j])
        m[e] = 0 if v * d[i] <= 0 else (3 * d[i] if d[i] * d[j] < 0 and abs(v) > 3 * abs(d[i]) else v)
    k = np.clip(np.searchsorted(x, at) - 1, 0, len(h) - 1)
    t = (at - x[k]) / h[k]
    return (y[k] * (1 + 2 * t) * (1 - t) ** 2 + h[k] * m[k] * t * (1 - t) ** 2 + y[k + 1] * t * t * (3 - 2 * t) + h[k] * m[k + 1] * t * t * (t - 1))


def bd_rate(points, reference):
    """Mean difference of rate in per cent over the shared range of PSNR; both: [(bpp, dB)]."""
    curves = []
    for p in (points, reference):
        p = np.array(sorted(p, key=lambda v: v[1]), float)
        curves.append((p[:, 1], np.log(p[:, 0])))
    lo, hi = max(c[0][0] for c in curves), min(c[0][-1] for c in curves)
    at = np.linspace(lo, hi, 2000)
    new, old = (pchip(c[0], c[1], at) for c in curves)
    return 100 * (np.exp(np.mean(new - old)) - 1)


def baselines(folder):
    out = {}
    for f in sorted(glob.glob(os.path.join(folder, 'local-*.json'))):
        d = json.load(open(f))
        out[d['codec']] = list(zip(d['bpp'], d['psnr']))
    return out


def report(points, folder):
    print('points', ' '.join('%.3f/%.2f' % tuple(p) for p in points))
    if folder:
        result = {k: round(float(bd_rate(points, v)), 2) for k, v in baselines(folder).items()}
        print('BD-rate', ' '.join(f'{k} {v:+.1f}%' for k, v in result.items()))
        return result


def psnr(a, b):
    return -10 * np.log10(np.mean((a.astype(float) - b) ** 2) / 255 ** 2)


def measure_picture(job):
    """(bpp, dB, bpp of the hyper-latents) per position."""
    from codec.runtime import Codec
    folder, im, positions = job
    codec = measure_picture.__dict__.setdefault(folder, None) or Codec(folder)
    measure_picture.__dict__[folder] = codec
    y, row = codec.analyse(im), []
    for p in positions:
        code = codec.encode(y, p)
        latent, hyper = codec.bits(code)
        row.append((np.ceil((latent + hyper) / 8) * 8 / im[..., 0].size + HEADER / im[..., 0].size, psnr(codec.decode(code['yh'], p, im.shape[:2]), im), hyper / im[..., 0].size))
    return row


def measure_folder(folder, pictures, positions=POSITIONS, processes=1, verbose=False):
    table = []
    with multiprocessing.Pool(processes) as pool:
        for row in pool.imap(measure_picture, [(folder, im, positions) for im in pictures]):
            table.append(row)
            if verbose:
                print(' '.join('%.3f/%.2f' % v[:2] for v in row), flush=True)
    mean = np.mean(table, 0)
    print('hyper-latents bpp', ' '.join('%.4f' % v for v in mean[:, 2]))
    return mean[:, :2].tolist()


def measure_checkpoint(path, pictures):
    import torch
    from codec.model import build
    from codec.train import evaluate, load
    dev = 'cuda' if torch.cuda.is_available() else 'cpu'
    net = build(load(path)).to(dev).to(memory_format=torch.channels_last)
    return [p[:2] for p in evaluate(net, [torch.from_numpy(im).permute(2, 0, 1)[None].float().to(dev) / 255 for im in pictures], dev)]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('model')
    ap.add_argument('--data', required=True)
    ap.add_argument('--baselines')
    ap.add_argument('--only', type=int, nargs='*', default=list(range(1, 25)), help='Kodak numbers')
    ap.add_argument('--processes', type=int, default=1)
    ap.add_argument('--verbose', action='store_true')
    a = ap.parse_args()
    from common.data import read
    pictures = [read(os.path.join(a.data, 'kodak', f'kodim{i:02d}.png')) for i in a.only]
    points = measure_folder(a.model, pictures, processes=a.processes, verbose=a.verbose) if os.path.isdir(a.model) else measure_checkpoint(a.model, pictures)
    report(points, a.baselines)


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: Apache-2.0
"""Exports a checkpoint: python -m codec.export CHECKPOINT FOLDER --data DIR. ONNX networks, entropy.bin (integer networks and tables), model.ini.

The tables are fitted to, and the integer networks calibrated on, training photographs. Files are written beside and moved into place.
"""
import argparse
import math
import os
import tempfile
import numpy as np
import torch
from codec.gradient import write_gradient
from codec.graph import write_graphs
from codec.integer import LAYERS, ONE, activations, equalise, float_layers, quantise, shuffle, conv
from codec.model import LAMBDA, build
from codec.runtime import MU, POSITIONS, Codec, cells, neighbours
from codec.tables import Histograms
from codec.train import load
from codec.weights import PARTS, write_records
from common.data import SOURCE, photographs
from common.manifest import install, renew_checksum, write_manifest

ENCODER = ('analysis', 'hyper_analysis')         # what decoders do not need
PREDICTED = 3                                    # channels that step 0 codes as differences


class FloatNet:
    """A scale network before quantisation; remembers the largest activations."""
    def __init__(self, layers, first):
        self.layers, self.first, self.peaks = layers, first, None

    def __call__(self, x):
        x = x / self.first
        peaks = activations(self.layers, x)
        self.peaks = peaks if self.peaks is None else [np.maximum(a, b) for a, b in zip(self.peaks, peaks)]
        for w, b, up, relu in self.layers:
            x = conv(x, w, b)
            x = shuffle(np.maximum(x, 0) if relu else x, up)
        return np.rint(x * ONE).astype(np.int32)


def rate_records(net):
    """Per-rate tables and the constants of the scale path."""
    lg, m, b = 10 * net['gain'], np.arange(256), np.arange(-192, 385)
    return {'scale_bias': np.int32(np.rint(ONE * (lg + 10 * net['sb']))),
            'magnitude': np.int16(np.rint(ONE * np.log1p(m))), 'fill': np.int16(np.rint(ONE * np.log1p(.8 * np.exp(b / ONE)))),
            'gain': np.float32(lg + math.log(6.5)), 'inverse': np.float32(10 * net['correction'] - lg - math.log(6.5)),
            'norm': np.float32(lg + math.log(2)), 'mu': np.float32([MU]), 'lambda': np.float32(LAMBDA), 'train.sb': np.float32(net['sb']),
            'predict.weight': np.zeros((0, 4), np.int32), 'predict.scale': np.zeros(0, np.int32),
            **{'train.' + k: np.float32(v) for k, v in net.items() if k.startswith('fz.')}}


def crops(images, size, count, rng):
    for i in rng.permutation(len(images) * (1 + count // len(images)))[:count]:
        im = images[i % len(images)]
        h, w = min(size, im.shape[0]), min(size, im.shape[1])
        y, x = rng.integers(im.shape[0] - h + 1), rng.integers(im.shape[1] - w + 1)
        yield im[y:y + h, x:x + w]


def fit_prediction(codec, images):
    """Of the first channels, which are about the means of the colours: least squares, and how much smaller differences are than symbols."""
    given, values = [[] for _ in range(PREDICTED)], [[] for _ in range(PREDICTED)]
    for im in images:
        r = codec.encode(codec.analyse(im), POSITIONS // 2)['r']
        for c in range(PREDICTED):
            given[c].append(neighbours(r[cells(c)]).reshape(4, -1).T)
            values[c].append(r[cells(c)].ravel())
    given, values = [np.concatenate(g) for g in given], [np.concatenate(v) for v in values]
    weights = [np.linalg.lstsq(g, v, rcond=None)[0] for g, v in zip(given, values)]
    smaller = [((v - g @ w) ** 2).mean() / (v ** 2).mean() for g, v, w in zip(given, values, weights)]
    return {'predict.weight': np.int32(np.rint(256 * np.stack(weights))), 'predict.scale': np.int32(np.rint(ONE / 2 * np.log(smaller)))}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('checkpoint')
    ap.add_argument('folder')
    ap.add_argument('--data', required=True)
    ap.add_argument('--version', default='1')
    ap.add_argument('--tune', choices=('psnr', 'ms-ssim'), default='psnr', help='what it was trained for; the search of slow efforts knows the squared error alone')
    ap.add_argument('--crops', type=int, default=48, help='photographs for the symbol tables')
    ap.add_argument('--encoder-only', action='store_true', help='its networks alone, into a folder with the others, whose files stay readable')
    ap.add_argument('--full', action='store_true', help='single-precision initialisers: twice as large, but OpenCV before 4.7 reads them without help')
    a = ap.parse_args()
    torch.set_num_threads(1)
    state = {k: v.half().float().numpy() for k, v in build(load(a.checkpoint)).state_dict().items()}
    # Engines that compute in bf16 make the linear picture of more precise inputs, and with exact weights they are done.
    for name in state:
        if name.startswith('gs.linear.') and name.endswith('.weight'):
            state[name] = torch.from_numpy(state[name]).bfloat16().float().numpy()
    images, rng = photographs(a.data), np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as tmp:
        write_graphs(state, tmp, not a.full)
        if a.encoder_only:
            for name in set(os.listdir(tmp)) - {part + '.onnx' for part in ENCODER}:
                os.remove(os.path.join(tmp, name))
            install(tmp, a.folder)
            return [renew_checksum(a.folder, part) for part in ENCODER]
        parts, uses = {p: p + '.onnx' for p in PARTS}, {}
        if a.tune == 'psnr':
            write_gradient(tmp)
            parts['synthesis_gradient'], uses['synthesis_gradient'] = 'synthesis_gradient.onnx', 'synthesis'
        records, entropy = rate_records(state), os.path.join(tmp, 'entropy.bin')
        write_records(entropy, records)
        codec = Codec(tmp, tables=False)
        layers = {s: float_layers(state, s) for s in LAYERS}
        for again in range(2):                   # peaks, equalise, peaks of the equalised networks
            nets = {s: FloatNet(layers[s], 1 if s == 'hyper' else ONE) for s in LAYERS}
            codec.hyper, codec.context = nets['hyper'], [nets[f'context{k}'] for k in (1, 2, 3)]
            for im in crops(images, 256, 20, np.random.default_rng(1)):
                codec.encode(codec.analyse(im), int(rng.integers(POSITIONS + 1)))
            if not again:
                for s in LAYERS:
                    equalise(layers[s], nets[s].peaks)
        M = codec.M
        for s in LAYERS:
            limits = np.full(layers[s][0][0].shape[1], 127.0) if s == 'hyper' else np.r_[np.full(M, 371.0), np.full(M, 448.0)]
            records.update(quantise(s, layers[s], nets[s].peaks, limits, 1 if s == 'hyper' else ONE))
        write_records(entropy, records)
        records.update(fit_prediction(Codec(tmp, tables=False), crops(images, 384, 100, rng)))
        write_records(entropy, records)
        codec, hist = Codec(tmp, tables=False), Histograms(state['ha.4.weight'].shape[0])
        for n, im in enumerate(crops(images, 384, a.crops, rng)):
            y = codec.analyse(im)
            for i in range(POSITIONS // 32):
                hist.add(codec.encode(y, min(POSITIONS, 32 * i + int(rng.integers(33)))))
        records.update(hist.records())
        write_records(entropy, records)
        parts['entropy'] = 'entropy.bin'
        model = dict(id=os.path.basename(os.path.abspath(a.folder)), task='codec', version=a.version, source=SOURCE)
        write_manifest(tmp, model, parts, dict(multiple=16, halo=64, size=1024), uses)
        install(tmp, a.folder)


if __name__ == '__main__':
    main()

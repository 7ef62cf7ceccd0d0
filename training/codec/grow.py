# SPDX-License-Identifier: Apache-2.0
"""More latents for a trained codec: python -m codec.grow FOLDER|CHECKPOINT NEW.pt --channels 512 --data DIR.

The new latents are the principal components of what the old ones cannot say at any rate, found by least squares in the windows that the
shortcut sees; they start in the shortcut alone, with gains and scales like those of the last old ones. Hidden units that never fire start anew.
"""
import argparse
import torch
import torch.nn.functional as F
from codec.dead import revive
from codec.model import build
from codec.train import CodecTask, load
from common.data import Crops, photographs
from common.trainer import save

LIKE = 40                                        # old latents that the new ones take gains and scales from
CELL = 16                                        # pixels of a latent, each way
BATCHES = 100                                    # of 8 crops of 192 x 192 for the fit


def columns(planes):
    """The inner cells of N, C, h, w as rows of C values."""
    return planes[:, :, 1:-1, 1:-1].permute(0, 2, 3, 1).flatten(0, 2)


@torch.no_grad()
def fit(net, feed, count):
    """What is lost without any rounding: its first principal components (count, 192, 2, 2) and their standard deviations,
    filters that find them (count, 192, 4, 4) with biases, and the root mean squares of the old latents."""
    n, errors, moments, cross, squares = 0, torch.zeros(768, 768), torch.zeros(3073, 3073), torch.zeros(3073, 768), torch.zeros(net.M)
    for _ in range(BATCHES):
        x = CodecTask.pixels(feed.next())
        with torch.autocast('cpu', dtype=torch.bfloat16):
            y = net.ga(x)
            e = x - net.gs(y * torch.exp(net.at(net.correction, torch.full((len(x),), len(net.gain) - 1.))))
        e = columns(F.pixel_unshuffle(F.pixel_unshuffle(e.float(), 8), 2))
        w = F.unfold(F.pixel_unshuffle(x, 8), 4, padding=1, stride=2).unflatten(2, [s // CELL for s in x.shape[2:]])
        w = F.pad(columns(w), (0, 1), value=1.)
        n, squares = n + len(e), squares + columns(y).pow(2).sum(0)
        errors, moments, cross = errors + e.T @ e, moments + w.T @ w, cross + w.T @ e
    variance, U = torch.linalg.eigh((errors / n).double())
    variance, U = variance.flip(0)[:count], U.flip(1)[:, :count]
    moments = moments.double() / n
    moments.diagonal().add_(1e-6)
    W = torch.linalg.solve(moments, cross.double() / n @ U).float()
    print('standard deviations of the new latents:', variance.sqrt()[::32].tolist(), 'of the last old ones:', (squares[-LIKE:] / n).sqrt().mean().item())
    return U.T.float().reshape(count, 192, 2, 2), variance.sqrt().float(), W[:-1].T.reshape(count, 192, 4, 4), W[-1], (squares / n).sqrt()


@torch.no_grad()
def grow(net, feed, channels):
    """State dict of the larger network."""
    old, more = net.M, channels - net.M
    planes, size, filters, biases, old_size = fit(net, feed, more)
    state = {k: v.clone() for k, v in net.state_dict().items()}

    def append(name, dim, like=False):
        t = state[name]
        tail = t.narrow(dim, old - LIKE, LIKE).mean(dim, keepdim=True) if like else torch.zeros_like(t.narrow(dim, 0, 1))
        state[name] = torch.cat([t, tail.repeat_interleave(more, dim)], dim)

    for name in ('ga.linear', 'ga.tail', 'hmu.10', *(f'cx.{k}.3' for k in range(3))):
        append(name + '.weight', 0)
        append(name + '.bias', 0)
    for name in ('hsc.10', *(f'cs.{k}.4' for k in range(3))):
        append(name + '.weight', 0, like=True)
        append(name + '.bias', 0, like=True)
    for name in ('gain', 'correction'):
        append(name, 1, like=True)
    append('sb', 0, like=True)
    state['sb'][old:] += .1 * (size.log() - old_size[-LIKE:].log().mean())
    for name in ('ha.0', *(f'{c}.{k}.0' for c in ('cx', 'cs') for k in range(3))):      # these see two values per latent
        t = state[name + '.weight'].unflatten(1, (2, old))
        state[name + '.weight'] = torch.cat([t, torch.zeros_like(t[:, :, :1]).repeat_interleave(more, 2)], 2).flatten(1, 2)
    for name in ('gs.linear.weight', 'gs.branch.0.weight'):
        append(name, 0)
    state['ga.linear.weight'][old:], state['ga.linear.bias'][old:] = filters, biases
    state['gs.linear.weight'][old:, :, 1:3, 1:3] = planes
    return state


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('old')
    ap.add_argument('new')
    ap.add_argument('--channels', type=int, required=True)
    ap.add_argument('--data', required=True)
    a = ap.parse_args()
    net, feed = build(load(a.old)), Crops(photographs(a.data), 8, 192, 1)
    if a.channels > net.M:
        net = build(grow(net, feed, a.channels))
    x = CodecTask.pixels(feed.next())
    revive(net, torch.cat([x, CodecTask.pixels(feed.next())]), torch.linspace(0, len(net.gain) - 1, 16))
    save(net, a.new)


if __name__ == '__main__':
    main()

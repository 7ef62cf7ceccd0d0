# SPDX-License-Identifier: Apache-2.0
"""A smaller codec from a trained one: python -m codec.shrink FOLDER|CHECKPOINT NEW.pt --widths 32 64 96 --channels 320 --context 64 --hyper 64 --data DIR.

The transforms keep the channels that matter most (size of what they say times size of the weights that hear it), the entropy model starts anew.
"""
import argparse
import torch
from codec.model import LatentCodec, build
from codec.train import CodecTask, load
from common.data import Crops, photographs
from common.trainer import save


@torch.no_grad()
def outputs(net, x, rates):
    """Root mean square of each channel that a convolution of the transforms writes, by the convolution's name."""
    sizes, hooks = {}, []
    for name, m in net.named_modules():
        if isinstance(m, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)) and name[:2] in ('ga', 'gs'):
            hooks.append(m.register_forward_hook(lambda m, i, o, name=name: sizes.__setitem__(name, o.float().pow(2).mean((0, 2, 3)).sqrt())))
    net(x, rates)
    for h in hooks:
        h.remove()
    return sizes


def best(score, count):
    return score.argsort(descending=True)[:count].sort().values


@torch.no_grad()
def shrink(net, x, rates, widths, channels, context, hyper):
    state, sizes = {k: v.clone() for k, v in net.state_dict().items()}, outputs(net, x, rates)

    def heard(name, dim):
        return state[name + '.weight'].transpose(0, dim).flatten(1).norm(dim=1)

    # Latents: those whose coded values are largest at the middle rate.
    y = net.ga(x) * torch.exp(net.at(net.gain, torch.full((len(x),), 5.)))
    latents = best((y - y.mean((0, 2, 3), keepdim=True)).pow(2).mean((0, 2, 3)), channels)
    a = [best(sizes[f'ga.branch.{i}'] / (sizes[f'ga.branch.{i + 1}.norm'] + .05) * heard(n, 1), w)
         for i, n, w in zip((0, 2, 4), ('ga.branch.2', 'ga.branch.4', 'ga.tail'), widths)]
    s = [best(sizes[n] * heard(m, 0), w) for n, m, w in zip(('gs.last.0', 'gs.branch.3', 'gs.branch.0'), ('gs.tail', 'gs.last.0', 'gs.branch.3'), widths)]
    small = LatentCodec(w=tuple(widths), M=channels, H=hyper, C=context, rates=len(net.gain))
    new = small.state_dict()
    rows = {'ga.linear': latents, 'ga.tail': latents, 'ga.branch.0': a[0], 'ga.branch.2': a[1], 'ga.branch.4': a[2],
            'gs.linear': None, 'gs.mix': s[1], 'gs.branch.0': s[2], 'gs.branch.3': s[1], 'gs.last.0': s[0], 'gs.tail': None}
    columns = {'ga.branch.2': a[0], 'ga.branch.4': a[1], 'ga.tail': a[2], 'gs.linear': latents, 'gs.branch.0': latents,
               'gs.branch.3': s[2], 'gs.last.0': s[1], 'gs.tail': s[0]}
    for norm, c in (('ga.branch.1', a[0]), ('ga.branch.3', a[1]), ('ga.branch.5', a[2]), ('gs.branch.2', s[2]), ('gs.branch.4', s[1]), ('gs.last.1', s[0])):
        rows[norm + '.norm'] = columns[norm + '.norm'] = c
    for block, c in (('ga.branch.6', a[2]), ('gs.branch.1', s[2])):
        hidden = best(sizes[f'{block}.f'] * heard(f'{block}.g', 1), 2 * len(c))
        inner = best(sizes[f'{block}.d'] * heard(f'{block}.b', 1), len(c))
        rows.update({f'{block}.a': inner, f'{block}.d': inner, f'{block}.b': c, f'{block}.f': hidden, f'{block}.g': c})
        columns.update({f'{block}.a': c, f'{block}.b': inner, f'{block}.f': c, f'{block}.g': hidden})
    for name in rows:
        transposed = isinstance(net.get_submodule(name), torch.nn.ConvTranspose2d)
        w, b = state[name + '.weight'], state[name + '.bias']
        if rows[name] is not None:
            w, b = w.index_select(1 if transposed else 0, rows[name]), b[rows[name]]
        if name in columns:
            w = w.index_select(0 if transposed else 1, columns[name])
        assert new[name + '.weight'].shape == w.shape and new[name + '.bias'].shape == b.shape, name
        new[name + '.weight'], new[name + '.bias'] = w, b
    for name in ('gain', 'correction'):
        new[name] = state[name][:, latents]
    new['sb'] = state['sb'][latents]
    small.load_state_dict(new)
    return small


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('old')
    ap.add_argument('new')
    ap.add_argument('--widths', type=int, nargs=3, required=True)
    ap.add_argument('--channels', type=int, required=True)
    ap.add_argument('--context', type=int, required=True)
    ap.add_argument('--hyper', type=int, required=True)
    ap.add_argument('--data', required=True)
    a = ap.parse_args()
    net, feed = build(load(a.old)), Crops(photographs(a.data), 16, 192, 1)
    save(shrink(net, CodecTask.pixels(feed.next()), torch.linspace(0, len(net.gain) - 1, 16), a.widths, a.channels, a.context, a.hyper), a.new)


if __name__ == '__main__':
    main()

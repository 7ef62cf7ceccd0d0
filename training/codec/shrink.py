# SPDX-License-Identifier: Apache-2.0
"""A smaller codec from a trained one: python -m codec.shrink FOLDER|CHECKPOINT NEW.pt --w 32 64 128 --M 320 --C 96 --data DIR.

The transforms keep the channels that matter most (size of what they say times size of the weights that hear it); an entropy model that changes starts
anew. What is not named stays as it is. Dense blocks go.
"""
import argparse
import torch
import torch.nn.functional as F
from codec.low_rank import low_rank
from codec.model import LatentCodec, build, shape
from codec.train import CodecTask, load
from common.data import Crops, photographs
from common.trainer import save

BATCHES = 50                                     # of 16 crops of 192 x 192 for the fit


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
def shrink(net, x, rates, changes):
    """changes: options of LatentCodec that become smaller."""
    state, sizes = {k: v.clone() for k, v in net.state_dict().items()}, outputs(net, x, rates)

    options = {**shape(state), **changes, 'dense_a': (), 'dense_s': ()}

    def heard(name, dim):
        return state[name + '.weight'].transpose(0, dim).flatten(1).norm(dim=1)

    # Latents: those whose coded values are largest at the middle rate.
    y = net.ga(x) * torch.exp(net.at(net.gain, torch.full((len(x),), 5.)))
    latents = best((y - y.mean((0, 2, 3), keepdim=True)).pow(2).mean((0, 2, 3)), options['M'])
    a = [best(sizes[f'ga.branch.{i}'] / (sizes[f'ga.branch.{i + 1}.norm'] + .05) * heard(n, 1), w)
         for i, n, w in zip((0, 2, 4), ('ga.branch.2', 'ga.branch.4', 'ga.tail'), options['wa'])]
    s = [best(sizes[n] * heard(m, 0), w) for n, m, w in zip(('gs.last.0', 'gs.branch.3', 'gs.branch.0'), ('gs.tail', 'gs.last.0', 'gs.branch.3'), options['w'])]
    small = LatentCodec(rates=len(net.gain), **options)
    new = small.state_dict()
    entropy = {k: v for k, v in state.items() if k[:2] not in ('ga', 'gs') and k != 'leaky_means'}
    if all(new[k].shape == v.shape for k, v in entropy.items()):
        new.update(entropy)
    hears = 'ga.linear.1' if options['rank_a'] else 'ga.linear'
    says, seen = ('gs.linear.0', 'gs.lift') if options['rank'] else ('gs.linear', 'gs.mix')
    rows = {hears: latents, 'ga.tail': latents, 'ga.branch.0': a[0], 'ga.branch.2': a[1], 'ga.branch.4': a[2],
            says: None, seen: s[1], 'gs.branch.0': s[2], 'gs.branch.3': s[1], 'gs.last.0': s[0], 'gs.tail': None}
    columns = {'ga.branch.2': a[0], 'ga.branch.4': a[1], 'ga.tail': a[2], says: latents, 'gs.branch.0': latents,
               'gs.branch.3': s[2], 'gs.last.0': s[1], 'gs.tail': s[0]}
    for norm, c in (('ga.branch.1', a[0]), ('ga.branch.3', a[1]), ('ga.branch.5', a[2]), ('gs.branch.2', s[2]), ('gs.branch.4', s[1]), ('gs.last.1', s[0])):
        rows[norm + '.norm'] = columns[norm + '.norm'] = c
    for block, c in (('ga.branch.6', a[2]), ('gs.branch.1', s[2])):
        hidden = best(sizes[f'{block}.f'] * heard(f'{block}.g', 1), 2 * len(c))
        inner = best(sizes[f'{block}.d'] * heard(f'{block}.b', 1), len(c))
        rows.update({f'{block}.a': inner, f'{block}.d': inner, f'{block}.b': c, f'{block}.f': hidden, f'{block}.g': c})
        columns.update({f'{block}.a': c, f'{block}.b': inner, f'{block}.f': c, f'{block}.g': hidden})
    new.update({k: state[k] for k in new if k[:11] in ('ga.linear.0', 'gs.linear.1')})
    for name in rows:
        transposed = isinstance(net.get_submodule(name), torch.nn.ConvTranspose2d)
        w, b = state[name + '.weight'], state[name + '.bias']
        if rows[name] is not None:
            w, b = w.index_select(1 if transposed else 0, rows[name]), b[rows[name]]
        if name in columns:
            w = w.index_select(0 if transposed else 1, columns[name])
        side = new[name + '.weight'].shape[2]
        if w.shape[2] > side:                    # centred on what a stride of 2 puts between two positions
            at = slice((w.shape[2] - side + 1) // 2, (w.shape[2] + side + 1) // 2)
            w = w[:, :, at, at]
        assert new[name + '.weight'].shape == w.shape and new[name + '.bias'].shape == b.shape, name
        new[name + '.weight'], new[name + '.bias'] = w, b
    for name in ('gain', 'correction'):
        new[name] = state[name][:, latents]
    new['sb'] = state['sb'][latents]
    small.load_state_dict(new)
    return small


@torch.no_grad()
def fit_tail(small, net, feed):
    """Least squares: the last layer of the small analysis makes what the large one's did of what is left before it."""
    tail = small.ga.tail
    n = tail.weight[0].numel() + 1
    moments, cross = torch.zeros(n, n, dtype=torch.double), torch.zeros(n, small.M, dtype=torch.double)
    for _ in range(BATCHES):
        x = CodecTask.pixels(feed.next())
        given = F.unfold(small.ga.branch(x * 4 - 2), tail.kernel_size, padding=tail.padding, stride=tail.stride).transpose(1, 2).flatten(0, 1)
        given = torch.cat([given, torch.ones_like(given[:, :1])], 1)
        wanted = (net.ga(x) - small.ga.shortcut(x)).flatten(2).transpose(1, 2).flatten(0, 1)
        moments, cross = moments + given.T @ given, cross + given.T @ wanted
    moments.diagonal().mul_(1.003)
    fitted = torch.linalg.solve(moments, cross).float()
    tail.weight.copy_(fitted[:-1].T.reshape(tail.weight.shape))
    tail.bias.copy_(fitted[-1])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('old')
    ap.add_argument('new')
    ap.add_argument('--w', type=int, nargs=3, help='channels of the synthesis at 1/2, 1/4 and 1/8')
    ap.add_argument('--side', type=int, choices=(4, 5), help='of its inner kernels of stride 2')
    ap.add_argument('--wa', type=int, nargs=3, help='channels of the analysis')
    ap.add_argument('--side-a', type=int, choices=(4, 5), help='of its inner kernels of stride 2')
    ap.add_argument('--tail-a', type=int, choices=(2, 4, 5), help='of its last')
    ap.add_argument('--M', type=int, help='latents')
    ap.add_argument('--rank', type=int, help="numbers that the synthesis' shortcut has of a block of 8x8 pixels")
    ap.add_argument('--rank-a', type=int, help="the analysis'")
    ap.add_argument('--H', type=int, help='hyper-latents')
    ap.add_argument('--C', type=int, help='channels within the networks of the entropy model')
    ap.add_argument('--leaky-means', action='store_true', help='leaky units in the first network for the means')
    ap.add_argument('--data', required=True)
    a = ap.parse_args()
    net, feed = build(load(a.old)), Crops(photographs(a.data), 16, 192, 1)
    changes = {k: v for k, v in vars(a).items() if k in shape(net.state_dict()) and not k.startswith('rank') and v}
    x = CodecTask.pixels(feed.next())
    small = shrink(net, x, torch.linspace(0, len(net.gain) - 1, 16), changes) if changes else net
    if small.M == net.M and {'wa', 'side_a', 'tail_a'} & changes.keys():
        fit_tail(small, net, feed)
    save(low_rank(small, x, a.rank, a.rank_a), a.new)


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: Apache-2.0
"""Hidden units that never fire: counted in training, started anew by `codec.grow`."""
import torch
import torch.nn.functional as F
from codec.model import Block, Dense

ALIVE = 1e-3                                     # share of positions where a unit fires at least


@torch.no_grad()
def inputs_of(net, layers, x, rate):
    """What flows into the given layers."""
    seen = {}
    hooks = [m.register_forward_pre_hook(lambda m, i: seen.__setitem__(m, i[0].float().clone())) for m in layers]
    net(x, rate, hard=True)
    for h in hooks:
        h.remove()
    return seen


def hidden(net):
    """Every convolution before a ReLU: (name, layer, the layer that consumes its units, pixel shuffle between, depthwise layer between)."""
    for name, m in net.named_modules():
        if isinstance(m, Block):
            yield name + '.a', m.a, m.b, 1, m.d
            yield name + '.f', m.f, m.g, 1, None
        elif isinstance(m, Dense):
            yield name + '.p', m.p, m.q, 1, None
    for name, h in (('hsc', net.hsc), ('hmu', net.hmu))[:1 if net.leaky_means else 2]:
        for i, j, up in ((0, 3, 2), (3, 5, 1), (5, 8, 2), (8, 10, 1)):
            yield f'{name}.{i}', h[i], h[j], up, None
    for k, c in enumerate(net.cs):
        for i in (0, 2):
            yield f'cs.{k}.{i}', c[i], c[i + 2], 1, None


def firing(layer, v, up):
    """Values before the ReLU, and the share of positions where each unit is positive."""
    v = F.pixel_shuffle(layer(v), up)
    return v, (v > 0).float().mean((0, 2, 3))


@torch.no_grad()
def dead_units(net, x, rate):
    """'name dead/all' of the layers that have units that never fire for x."""
    units = list(hidden(net))
    seen = inputs_of(net, [u[1] for u in units], x, rate)
    counts = [(name, firing(layer, seen[layer], up)[1] < ALIVE) for name, layer, _, up, _ in units]
    return ' '.join(f'{name} {int(dead.sum())}/{len(dead)}' for name, dead in counts if dead.any()) or 'none'


@torch.no_grad()
def revive(net, x, rate):
    """Hidden units that never fire for x get random inputs, and no influence yet: the function stays as it is."""
    for name, layer, consumer, up, between in hidden(net):
        given = inputs_of(net, [layer], x, rate)[layer]
        v, share = firing(layer, given, up)
        dead = share < ALIVE
        if not dead.any():
            continue
        w = torch.randn_like(layer.weight)
        fresh = F.conv2d(given, w, None, layer.stride, layer.padding)
        size = v.std((0, 2, 3))[~dead].median().clamp(.1, 3) if not dead.all() else 1.
        f = size / fresh.std((0, 2, 3)).clamp(min=1e-6)
        rows = dead.repeat_interleave(up * up)
        layer.weight[rows], layer.bias[rows] = (w * f[:, None, None, None])[rows], (-fresh.mean((0, 2, 3)) * f)[rows]
        if between is not None:                  # what its bias gave moves on
            consumer.bias.add_(consumer.weight[:, dead, 0, 0] @ between.bias[dead])
            between.bias[dead] = 0.
        consumer.weight[:, dead] = 0.
        print('started anew:', name, int(dead.sum()), 'of', len(dead), flush=True)

# SPDX-License-Identifier: Apache-2.0
"""Brings a network into good condition, hardly changing its function: signals of size one, no dead units.

The optimisers' steps have fixed sizes, so a layer whose signals are a thousand times smaller is shaken to pieces, and its units die.
"""
import torch
import torch.nn.functional as F
from codec.model import Block, Dense

ALIVE = 1e-3                                     # share of positions where a unit fires at least


def rms(x):
    return x.float().pow(2).mean().sqrt().item()


@torch.no_grad()
def inputs_of(net, layers, x, rate):
    """What flows into the given layers."""
    seen = {}
    hooks = [m.register_forward_pre_hook(lambda m, i: seen.__setitem__(m, i[0].float().clone())) for m in layers]
    net(x, rate, hard=True)
    for h in hooks:
        h.remove()
    return seen


def scale(layer, f):
    layer.weight.mul_(f)
    layer.bias.mul_(f)


def scale_norm(gdn, x_by, n_by):
    """For an input x_by as large, gives a norm n_by as large."""
    gdn.norm.weight.mul_(n_by / x_by)
    gdn.norm.bias.add_(.05).mul_(n_by).sub_(.05)


def scale_stream(block, dense, f):
    """The residual stream becomes f times as large; hidden units of the dense blocks keep their size."""
    for layer in (block.a, block.d, block.b, block.f, block.g):
        layer.bias.mul_(f)
    for d in dense:
        d.p.weight.div_(f)
        scale(d.q, f)


@torch.no_grad()
def normalise(net, x, rate):
    """Signals between the layers of analysis and synthesis get the size one. An inverse norm that is zero everywhere is a constant factor and becomes one."""
    ga, gs = net.ga, net.gs
    stages = ((gs.branch[2], gs.branch[3]), (gs.branch[4], gs.last[0]), (gs.last[1], gs.tail))
    seen = inputs_of(net, [gdn.norm for gdn, _ in stages], x, rate)
    for gdn, after in stages:
        dead = (gdn.norm(seen[gdn.norm]) > 0).float().mean((0, 2, 3)) < ALIVE
        gdn.norm.weight[dead], gdn.norm.bias[dead] = 0., .95
        after.weight[dead] *= .05
        if gdn is gs.branch[4]:
            gs.mix.weight[dead] *= 20
            gs.mix.bias[dead] *= 20
    f = {m: 1 / rms(v) for m, v in inputs_of(net, [*ga.branch[1:7], *gs.branch[1:], *gs.last, gs.tail], x, rate).items()}
    before = 1.
    for conv, gdn, after in zip(ga.branch[0:5:2], ga.branch[1:6:2], ga.branch[2:7:2]):
        conv.weight.div_(before)
        scale(conv, f[gdn])
        scale_norm(gdn, f[gdn], f[gdn] / f[after])
        before = f[after]
    scale_stream(ga.branch[6], ga.dense, before)
    ga.tail.weight.div_(before)
    scale(gs.branch[0], f[gs.branch[1]])
    scale_stream(gs.branch[1], gs.dense, f[gs.branch[1]])
    scale(gs.mix, f[gs.last[0]])
    x_by = f[gs.branch[1]]
    for (gdn, after), following in zip(stages, (gs.branch[4], gs.last[1], None)):
        scale_norm(gdn, x_by, f[after] / x_by)
        after.weight.div_(f[after])
        if following is not None:
            scale(after, f[following])
            x_by = f[following]


def hidden(net):
    """Every convolution before a ReLU: (name, layer, the layer that consumes its units, pixel shuffle between, depthwise layer between)."""
    for name, m in net.named_modules():
        if isinstance(m, Block):
            yield name + '.a', m.a, m.b, 1, m.d
            yield name + '.f', m.f, m.g, 1, None
        elif isinstance(m, Dense):
            yield name + '.p', m.p, m.q, 1, None
    yield 'ha.2', net.ha[2], net.ha[4], 1, None
    for name, h in (('hsc', net.hsc), ('hmu', net.hmu)):
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
    """Hidden units that never fire for x start anew, with random inputs and little influence."""
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
        o = consumer.weight[:, dead]
        consumer.weight[:, dead] = torch.randn_like(o) * .01 * consumer.weight[0].numel() ** -.5
        print('revived', name, int(dead.sum()), 'of', len(dead), flush=True)

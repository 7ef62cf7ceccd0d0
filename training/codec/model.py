# SPDX-License-Identifier: Apache-2.0
"""Learned codec `latent`: transforms, entropy model, training forward pass.

Transforms: a linear shortcut (lapped 32x32 window on a 16x16 grid, started as a block KLT) plus stride-2 convolutions with simplified GDN.
Entropy model: scales from integers only (hyper-latents and symbols already decoded), means from a four-step context.
One model serves all rates through per-channel gains. Shapes: N,C,H,W; pixels in 0..1; H and W multiples of 64 while training.
"""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

RATES = 11                                       # anchors; rate position p = 0..320, 32 per anchor
LAMBDA = [0.0012 * 1.931 ** i for i in range(RATES)]
LOW, HIGH = -4.0, 7.0                            # range of a log scale
BOUND = 0.11                                     # smallest sigma


class LowerBound(torch.autograd.Function):
    """max(x, bound) whose gradient still lets x move up (Ballé et al. 2018)."""
    @staticmethod
    def forward(ctx, x, bound):
        ctx.save_for_backward(x)
        ctx.bound = bound
        return x.clamp(min=bound)

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * ((x >= ctx.bound) | (g < 0)), None


relu = nn.ReLU(inplace=True)
leaky = nn.LeakyReLU(.1)                          # where nearly all plain units died in every run


class FactorizedPrior(nn.Module):
    """Per-channel learned density of z (Ballé et al. 2018, appendix 6.1), filters (3, 3, 3)."""
    def __init__(self, channels, filters=(3, 3, 3), init=10.0):
        super().__init__()
        f, scale = (1,) + filters + (1,), init ** (1 / (len(filters) + 1))
        self.m, self.b, self.a = nn.ParameterList(), nn.ParameterList(), nn.ParameterList()
        for i in range(len(filters) + 1):
            self.m.append(nn.Parameter(torch.full((channels, f[i + 1], f[i]), math.log(math.expm1(1 / scale / f[i + 1])))))
            self.b.append(nn.Parameter(torch.empty(channels, f[i + 1], 1).uniform_(-.5, .5)))
            if i < len(filters):
                self.a.append(nn.Parameter(torch.zeros(channels, f[i + 1], 1)))

    def cdf_logits(self, x):
        for i in range(len(self.m)):
            x = F.softplus(self.m[i]) @ x + self.b[i]
            if i < len(self.a):
                x = x + torch.tanh(self.a[i]) * torch.tanh(x)
        return x

    def bits(self, z):
        v = z.float().permute(1, 0, 2, 3).reshape(z.shape[1], 1, -1)
        lo, hi = self.cdf_logits(v - .5), self.cdf_logits(v + .5)
        s = -torch.sign(lo + hi).detach()
        p = (torch.sigmoid(s * hi) - torch.sigmoid(s * lo)).abs()
        return -torch.log2(LowerBound.apply(p, 1e-9)).sum()


def gaussian_bits(v, sigma):
    """Bits of the unit interval around v under N(0, sigma^2)."""
    v, s = v.abs(), (2 ** -.5) / LowerBound.apply(sigma, BOUND)
    p = torch.erfc((v - .5) * s) - torch.erfc((v + .5) * s)
    return -torch.log2(LowerBound.apply(.5 * p, 1e-9))


def asinh(y):
    m = y.abs()
    return torch.sign(y) * torch.log(m + torch.sqrt(m * m + 1))


class Block(nn.Module):
    """x + 1x1(dw3x3(ReLU(1x1 x))), then x + 1x1(ReLU(1x1 C->2C)): 6C^2 + 9C MAC per position."""
    def __init__(self, c):
        super().__init__()
        self.a, self.d, self.b = nn.Conv2d(c, c, 1), nn.Conv2d(c, c, 3, 1, 1, groups=c), nn.Conv2d(c, c, 1)
        self.f, self.g = nn.Conv2d(c, 2 * c, 1), nn.Conv2d(2 * c, c, 1)

    def forward(self, x):
        x = x + self.b(self.d(relu(self.a(x))))
        return x + self.g(relu(self.f(x)))


class Dense(nn.Module):
    """x + 3x3(ReLU(3x3 C->m)): 18Cm MAC per position. Starts near the identity."""
    def __init__(self, c, m):
        super().__init__()
        self.p, self.q = nn.Conv2d(c, m, 3, 1, 1), nn.Conv2d(m, c, 3, 1, 1)
        nn.init.normal_(self.p.weight, 0, (2 / (9 * c)) ** .5)
        nn.init.normal_(self.q.weight, 0, .1 * (9 * m) ** -.5)
        nn.init.zeros_(self.q.bias)

    def forward(self, x):
        return x + self.q(relu(self.p(x)))


class GDN(nn.Module):
    """x / n (or x * n) with n = relu(W|x| + b) + 0.05: GDN without squares and roots (Johnston et al. 2019)."""
    def __init__(self, c, inverse=False):
        super().__init__()
        self.inverse, self.norm = inverse, nn.Conv2d(c, c, 1)
        nn.init.constant_(self.norm.bias, 1.)
        self.norm.weight.data.copy_(.1 * torch.eye(c)[..., None, None])

    def forward(self, x):
        n = relu(self.norm(x.abs())) + .05
        return x * n if self.inverse else x / n


def down(i, o, k=5):
    layer = nn.Conv2d(i, o, k, 2, (k - 1) // 2)
    nn.init.normal_(layer.weight, 0, (k * k * i) ** -.5)
    nn.init.zeros_(layer.bias)
    return layer


class ConvTranspose2d(nn.ConvTranspose2d):
    """Adds the bias itself: oneDNN differentiates that of a transposed convolution without vectors."""
    def forward(self, x):
        y = F.conv_transpose2d(x, self.weight, None, self.stride, self.padding, self.output_padding)
        return y + self.bias[:, None, None].to(y.dtype)


def up(i, o, k=5):
    layer = ConvTranspose2d(i, o, k, 2, (k - 1) // 2, output_padding=k % 2)
    nn.init.normal_(layer.weight, 0, (k * k * i / 4) ** -.5)
    nn.init.zeros_(layer.bias)
    return layer


class Analysis(nn.Module):
    def __init__(self, w, M, rank, side, tail, dense):
        super().__init__()
        self.rank = rank
        self.linear = nn.Sequential(nn.Conv2d(3, rank, 8, 8), nn.Conv2d(rank, M, 4, 2, 1)) if rank else nn.Conv2d(192, M, 4, 2, 1)
        self.branch = nn.Sequential(down(3, w[0]), GDN(w[0]), down(w[0], w[1], side), GDN(w[1]), down(w[1], w[2], side), GDN(w[2]), Block(w[2]))
        self.dense = nn.ModuleList([Dense(w[2], m) for m in dense])
        self.tail = down(w[2], M, tail)

    def forward(self, x):
        t = self.branch(x * 4 - 2)
        for d in self.dense:
            t = d(t)
        return self.shortcut(x).float() + self.tail(t).float()

    def shortcut(self, x):
        return self.linear(x - .5 if self.rank else F.pixel_unshuffle(x, 8))


class Synthesis(nn.Module):
    def __init__(self, w, M, rank, side, dense):
        super().__init__()
        self.rank = rank
        if rank:
            self.linear = nn.Sequential(up(M, rank, 4), ConvTranspose2d(rank, 3, 8, 8))
            self.lift = up(rank, w[1], 4)        # lets the last layers see the linear picture
        else:
            self.linear = nn.ConvTranspose2d(M, 192, 4, 2, 1)
            self.linear.bias = nn.Parameter(torch.zeros(3))    # per colour, so that the exported layer is one transposed convolution
            self.mix = nn.Conv2d(48, w[1], 3, 1, 1)            # the same, from the picture
        self.branch = nn.Sequential(up(M, w[2], side), Block(w[2]), GDN(w[2], True), up(w[2], w[1], side), GDN(w[1], True))
        self.dense = nn.ModuleList([Dense(w[2], m) for m in dense])
        self.last, self.tail = nn.Sequential(up(w[1], w[0], side), GDN(w[0], True)), up(w[0], 3)

    def forward(self, y):
        picture, seen = self.shortcut(y)
        t = self.branch[1](self.branch[0](y * 4))
        for d in self.dense:
            t = d(t)
        t = self.branch[4](self.branch[3](self.branch[2](t)))
        return picture + self.tail(self.last(t + seen)).float()

    def shortcut(self, y):
        """The linear picture, and what the last layers see of it."""
        if self.rank:
            blocks = self.linear[0](y)
            return self.linear[1](blocks).float(), self.lift(blocks)
        picture = F.pixel_shuffle(F.conv_transpose2d(y, self.linear.weight, None, 2, 1), 8).float() + self.linear.bias[:, None, None]
        return picture, self.mix(F.pixel_unshuffle(picture - .5, 4))


class LatentCodec(nn.Module):
    """w: channels of the synthesis at 1/2, 1/4 and 1/8; side: of its kernels of stride 2 but for those that touch pixels; wa, side_a: those of the
    analysis, if others; tail_a: side of its last; M: latents; rank: numbers that the synthesis' shortcut has of a block of 8x8 pixels, 0: all 192;
    rank_a: the analysis'; H: hyper-latents; C: channels within the entropy model's networks; leaky_means: whether the
    first of them for the means has leaky units."""
    def __init__(self, w=(64, 128, 192), side=5, wa=None, side_a=None, tail_a=None, M=512, rank=0, rank_a=0, H=96, C=128, leaky_means=False, rates=RATES, step=6.5, mu=0.065, dense_a=(), dense_s=()):
        super().__init__()
        self.M, self.step, self.mu = M, step, mu
        self.ga, self.gs = Analysis(wa or w, M, rank_a, side_a or side, tail_a or side_a or side, dense_a), Synthesis(w, M, rank, side, dense_s)
        self.ha = nn.Sequential(nn.Conv2d(2 * M, C, 1), Block(C), nn.Conv2d(C, H, 2, 2), leaky, nn.Conv2d(H, H, 2, 2))
        hyper = lambda act: nn.Sequential(nn.Conv2d(H, 4 * H, 1), nn.PixelShuffle(2), act, nn.Conv2d(H, H, 3, 1, 1), act,
                                          nn.Conv2d(H, 4 * C, 1), nn.PixelShuffle(2), act, nn.Conv2d(C, C, 3, 1, 1), act, nn.Conv2d(C, M, 1))
        self.hsc, self.hmu = hyper(relu), hyper(leaky if leaky_means else relu)  # log scales (integers in the product), means
        self.register_buffer('leaky_means', torch.tensor(float(leaky_means)))
        self.cx = nn.ModuleList([nn.Sequential(nn.Conv2d(2 * M, C, 1), Block(C), Block(C), nn.Conv2d(C, M, 1)) for _ in range(3)])
        self.cs = nn.ModuleList([nn.Sequential(nn.Conv2d(2 * M, C, 1), relu, nn.Conv2d(C, C, 3, 1, 1), relu, nn.Conv2d(C, M, 1)) for _ in range(3)])
        for last in [c[4] for c in self.cs] + [c[3] for c in self.cx] + [self.hmu[-1]]:
            last.weight.data.mul_(.1)
            last.bias.data.zero_()
        self.sb = nn.Parameter(torch.zeros(M))
        self.fz = FactorizedPrior(H)
        # log gains are held at a tenth so that the optimiser moves them ten times faster
        self.gain = nn.Parameter(torch.linspace(-.115, .115 + .23 * (rates - 8) / 7, rates)[:, None].repeat(1, M))
        self.correction = nn.Parameter(torch.zeros(rates, M))
        order, m = [(0, 0), (1, 1), (0, 1), (1, 0)], torch.zeros(4, M, 2, 2)
        for k in range(4):                       # step k codes channel c at position (k + c) mod 4 of each 2x2 cell
            for c in range(M):
                m[(k, c) + order[(k + c % 4) % 4]] = 1
        self.register_buffer('steps', m, persistent=False)
        self.cache = {}

    def masks(self, h, w):
        if (h, w) not in self.cache:
            full = self.steps.repeat(1, 1, (h + 1) // 2, (w + 1) // 2)[:, None, :, :h, :w]
            known = full.cumsum(0) - full
            self.cache[h, w] = [(m.contiguous(memory_format=torch.channels_last), (1 - k).contiguous(memory_format=torch.channels_last)) for m, k in zip(full, known)]
        return self.cache[h, w]

    def at(self, table, rate):
        """Rows of a per-rate table, interpolated; rate: N floats in 0..rates-1."""
        i = rate.floor().clamp(0, table.shape[0] - 2).long()
        f = (rate - i)[:, None]
        return (10 * torch.lerp(table[i], table[i + 1], f))[..., None, None]

    def quantise(self, d, log_sigma):
        """Encoder only: round towards zero where the bits saved are worth more than the error, mu per bit."""
        n = torch.round(d)
        if not self.mu:
            return n
        v, m = torch.exp(2 * log_sigma) + 1 / 12, n.abs()
        return n - torch.sign(n) * (2 * (d.abs() - m) + 1 < self.mu * (2 * m - 1) / (1.386 * v))

    def forward(self, x, rate, hard=False):
        """x: N,3,H,W; rate: N floats. Returns reconstruction, bits per pixel (N), bits per pixel of z. hard: true symbols, no gradients."""
        lg = self.at(self.gain, rate)
        y = self.ga(x) * (torch.exp(lg) * self.step)
        g = torch.exp(lg).detach() * 2
        z = self.ha(torch.cat([torch.log(1 + y.abs()), asinh(y)], 1)).float() * 8
        zr = (z + (torch.round(z) - z).detach()) / 2
        base = (self.hsc(zr).float() + lg + 10 * self.sb[:, None, None]).clamp(LOW, HIGH)
        hm = self.hmu(zr).float()                # means are held divided by g
        mask = self.masks(y.shape[2], y.shape[3])
        fill = torch.log(1 + .8 * torch.exp(base.clamp(-3, 6)))  # expected log magnitude where nothing is decoded yet
        yn = y / g
        with torch.no_grad():
            r = self.quantise(y - hm * g, base) * mask[0][0]
            value = torch.addcmul(hm * mask[0][0], r, 1 / g)
        yh = value if hard else yn * mask[0][0]
        yh = yh + (value - yh).detach()
        mean, sl = hm * mask[0][0], base * mask[0][0]
        for k in (1, 2, 3):
            m, un = mask[k]
            mk = hm + self.cx[k - 1](torch.cat([hm, torch.addcmul(yh, hm, un)], 1)).float()
            sk = (base + self.cs[k - 1](torch.cat([torch.addcmul(torch.log(1 + r.abs().clamp(max=255)), fill, un), base], 1)).float()).clamp(LOW, HIGH)
            with torch.no_grad():
                rk = self.quantise((yn - mk) * g, sk) * m
                value = torch.addcmul(mk * m, rk, 1 / g)
                r = r + rk
            mean, sl = torch.addcmul(mean, mk, m), torch.addcmul(sl, sk, m)
            yh = yh + (value if hard else (t := yn * m) + (value - t).detach())
        sigma, n = torch.exp(sl), x.shape[2] * x.shape[3]
        bits = gaussian_bits(r, sigma)           # true cost: trains the scales
        if not hard:                             # noisy proxy: trains latents and means
            proxy = gaussian_bits((yn - mean) * g + torch.rand_like(y) - .5, sigma.detach())
            bits = bits + proxy - proxy.detach()
        by, bz = bits.sum((1, 2, 3)) / n, self.fz.bits(torch.round(z) if hard else z + torch.rand_like(z) - .5) / (n * x.shape[0])
        return self.gs(yh * (g * torch.exp(self.at(self.correction, rate) - lg) / self.step)), by + bz, bz

    def init_pca(self, patches):
        """patches: N,3,16,16. The shortcut starts as the 16x16 block KLT and its transpose, the second branch near zero."""
        mean = patches.mean((0, 2, 3))
        v = F.pixel_unshuffle(patches - mean[None, :, None, None], 8).flatten(1)
        U = torch.linalg.eigh(v.T @ v / len(v))[1].flip(1)[:, :self.M]
        bias = mean.repeat_interleave(64)
        for c, b in ((self.ga.linear, -(U.T @ bias.repeat_interleave(4))), (self.gs.linear, mean)):
            c.weight.data.zero_()
            c.weight.data[:, :, 1:3, 1:3] = U.T.reshape(self.M, 192, 2, 2)
            c.bias.data.copy_(b)
        for t in (self.ga.tail, self.gs.tail):
            t.weight.data.mul_(.02)
        for b in (self.ga.branch[6], self.gs.branch[1]):
            b.b.weight.data.mul_(.2)
            b.g.weight.data.mul_(.2)


def load_state(net, state):
    """Loads a state dict, grows what the state lacks (new rates by linear extrapolation, new residual blocks near the identity)."""
    state = {k: v.float() for k, v in state.items() if k != 'steps'}
    state.setdefault('leaky_means', torch.zeros(()))
    for k in ('gain', 'correction'):
        while len(state[k]) < len(net.gain):
            state[k] = torch.cat([state[k], (2 * state[k][-1] - state[k][-2])[None]])
    if len(state.get('gs.linear.bias', ())) == 192:
        state['gs.linear.bias'] = state['gs.linear.bias'].view(3, 64).mean(1)
    missing, unexpected = net.load_state_dict(state, strict=False)
    assert not unexpected and all('.dense.' in k for k in missing), (missing, unexpected)


def shape(state):
    """The options of the network that a state dict belongs to."""
    dense = lambda prefix: tuple(len(v) for k, v in state.items() if k.startswith(prefix + '.dense.') and k.endswith('.p.weight'))
    return dict(M=len(state['ga.tail.weight']), rank=state['gs.linear.0.weight'].shape[1] if 'gs.linear.0.weight' in state else 0, rank_a=len(state.get('ga.linear.0.weight', ())), H=len(state['ha.4.weight']), C=len(state['ha.0.weight']), side=state['gs.branch.0.weight'].shape[2], side_a=state['ga.branch.2.weight'].shape[2], tail_a=state['ga.tail.weight'].shape[2],
                leaky_means=bool(state.get('leaky_means', 0)),
                wa=tuple(len(state[f'ga.branch.{i}.weight']) for i in (0, 2, 4)),
                w=tuple(state[f'gs.{name}.weight'].shape[1] for name in ('last.0', 'branch.3', 'branch.0')), dense_a=dense('ga'), dense_s=dense('gs'))


def build(state, dense_a=(), dense_s=()):
    """A network shaped like the state dict, optionally with more dense blocks (dense_a, dense_s: widths), holding its weights."""
    options = shape(state)
    for key, widths in (('dense_a', dense_a), ('dense_s', dense_s)):
        options[key] += tuple(widths[len(options[key]):])
    net = LatentCodec(**options)
    load_state(net, state)
    return net

# SPDX-License-Identifier: Apache-2.0
"""The families of networks that courses teach and that people bring along, as PyTorch modules with fixed random weights,
in full width or in less, and as ONNX files as PyTorch exports them."""
from dataclasses import dataclass
from typing import Callable

import onnx
import torch
import torch.nn.functional as F
from torch import nn

SEED = 1


class LocalResponse(nn.Module):
    """ONNX's LRN, as files converted from Caffe have it; PyTorch would export its own by many small operators."""

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(_, x, size, alpha, beta, bias):
            return F.local_response_norm(x, size, alpha, beta, bias)

        @staticmethod
        def symbolic(graph, x, size, alpha, beta, bias):
            return graph.op("LRN", x, size_i=size, alpha_f=alpha, beta_f=beta, bias_f=bias).setType(x.type())

    def __init__(self, size=5, alpha=0.3, beta=0.75, bias=1.0):  # alpha: large enough to be seen
        super().__init__()
        self.settings = size, alpha, beta, bias

    def forward(self, x):
        return self.Function.apply(x, *self.settings)


class Sum(nn.Module):
    """What a path adds to another one, then a function of both."""

    def __init__(self, path, shortcut=None, last=None, factor=1.0):
        super().__init__()
        self.path, self.shortcut, self.last, self.factor = path, shortcut or nn.Identity(), last or nn.Identity(), factor

    def forward(self, x):
        y = self.path(x)
        return self.last(self.shortcut(x) + (y if self.factor == 1 else self.factor * y))


class Join(nn.Module):
    """The results of several paths side by side."""

    def __init__(self, *paths):
        super().__init__()
        self.paths = nn.ModuleList(paths)

    def forward(self, x):
        return torch.cat([path(x) for path in self.paths], 1)


def conv(inputs, outputs, kernel=3, stride=1, norm=False, act=nn.ReLU, pad=None, **more):
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2 if pad is None else pad, bias=not norm, **more)]
    if norm:
        layers.append(nn.BatchNorm2d(outputs))
    if act:
        layers.append(act())
    return nn.Sequential(*layers)


def dense(w, classes, hidden=4096):
    """The fully connected end of the early networks."""
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(w(hidden)), nn.ReLU(), nn.Dropout(), nn.Linear(w(hidden), w(hidden)), nn.ReLU(),
                         nn.Dropout(), nn.Linear(w(hidden), classes))


def pooled(features, channels, classes):
    """The end of the later ones."""
    return nn.Sequential(features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def lenet5(w, classes):
    return nn.Sequential(nn.Conv2d(1, w(6), 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(w(6), w(16), 5), nn.Tanh(), nn.AvgPool2d(2),
                         nn.Conv2d(w(16), w(120), 5), nn.Tanh(), nn.Flatten(), nn.Linear(w(120), w(84)), nn.Tanh(),
                         nn.Linear(w(84), classes))


def alexnet(w, classes):
    return nn.Sequential(conv(3, w(96), 11, 4, pad=0), LocalResponse(), nn.MaxPool2d(3, 2),
                         conv(w(96), w(256), 5, groups=2), LocalResponse(), nn.MaxPool2d(3, 2), conv(w(256), w(384)),
                         conv(w(384), w(384), groups=2), conv(w(384), w(256), groups=2), nn.MaxPool2d(3, 2), dense(w, classes))


def zfnet(w, classes):
    return nn.Sequential(conv(3, w(96), 7, 2, pad=1), nn.MaxPool2d(3, 2, 1), LocalResponse(), conv(w(96), w(256), 5, 2, pad=0),
                         nn.MaxPool2d(3, 2, 1), LocalResponse(), conv(w(256), w(384)), conv(w(384), w(384)),
                         conv(w(384), w(256)), nn.MaxPool2d(3, 2), dense(w, classes))


def overfeat(w, classes):
    """The fast one, its end as convolutions: a map of classes for pictures that are larger."""
    return nn.Sequential(conv(3, w(96), 11, 4, pad=0), nn.MaxPool2d(2), conv(w(96), w(256), 5, pad=0), nn.MaxPool2d(2),
                         conv(w(256), w(512)), conv(w(512), w(1024)), conv(w(1024), w(1024)), nn.MaxPool2d(2),
                         conv(w(1024), w(3072), 6, pad=0), conv(w(3072), w(4096), 1), nn.Conv2d(w(4096), classes, 1))


def vgg(depths):
    def build(w, classes):
        layers, inputs = [], 3
        for depth, width in zip(depths, (64, 128, 256, 512, 512)):
            for _ in range(depth):
                layers.append(conv(inputs, w(width)))
                inputs = w(width)
            layers.append(nn.MaxPool2d(2))
        return nn.Sequential(*layers, dense(w, classes))

    return build


def inception(w, inputs, one, reduce3, three, reduce5, five, pool):
    return Join(conv(inputs, w(one), 1), nn.Sequential(conv(inputs, w(reduce3), 1), conv(w(reduce3), w(three))),
                nn.Sequential(conv(inputs, w(reduce5), 1), conv(w(reduce5), w(five), 5)),
                nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(inputs, w(pool), 1)))


def googlenet(w, classes):
    layers = [conv(3, w(64), 7, 2), nn.MaxPool2d(3, 2, ceil_mode=True), LocalResponse(), conv(w(64), w(64), 1), conv(w(64), w(192)),
              LocalResponse(), nn.MaxPool2d(3, 2, ceil_mode=True)]
    inputs = w(192)
    for widths in [(64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64), None, (192, 96, 208, 16, 48, 64),
                   (160, 112, 224, 24, 64, 64), (128, 128, 256, 24, 64, 64), (112, 144, 288, 32, 64, 64),
                   (256, 160, 320, 32, 128, 128), None, (256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)]:
        if widths is None:
            layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
            continue
        layers.append(inception(w, inputs, *widths))
        inputs = sum(w(widths[i]) for i in (0, 2, 4, 5))
    return pooled(nn.Sequential(*layers), inputs, classes)


class Pyramid(nn.Module):
    """A picture's maxima on grids of several sizes, as many numbers for each."""

    def __init__(self, kernels):
        super().__init__()
        self.pools = nn.ModuleList(nn.MaxPool2d(kernel, stride) for kernel, stride in kernels)

    def forward(self, x):
        return torch.cat([torch.flatten(pool(x), 1) for pool in self.pools], 1)


def prelu_net(w, classes):
    """Model A of "Delving Deep into Rectifiers": 14 x 14 pixels reach the pyramid."""
    layers, inputs = [nn.Conv2d(3, w(96), 7, 2, 3), nn.PReLU(w(96))], w(96)
    for width in (256, 384, 512):
        layers.append(nn.MaxPool2d(2))
        for _ in range(5):
            layers += [nn.Conv2d(inputs, w(width), 3, 1, 1), nn.PReLU(w(width))]
            inputs = w(width)
    layers.append(Pyramid([(2, 2), (5, 4), (7, 7), (14, 14)]))
    return nn.Sequential(*layers, dense(w, classes))


def bottleneck(inputs, width, outputs, stride):
    path = nn.Sequential(conv(inputs, width, 1, norm=True), conv(width, width, 3, stride, norm=True),
                         conv(width, outputs, 1, norm=True, act=None))
    same = inputs == outputs and stride == 1
    return Sum(path, None if same else conv(inputs, outputs, 1, stride, norm=True, act=None), nn.ReLU())


def preactivated(inputs, width, outputs, stride):
    def step(inputs, outputs, kernel, stride=1):
        return [nn.BatchNorm2d(inputs), nn.ReLU(), nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)]

    path = nn.Sequential(*step(inputs, width, 1), *step(width, width, 3, stride), *step(width, outputs, 1))
    same = inputs == outputs and stride == 1
    return Sum(path, None if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False))


def resnet(depths, block=bottleneck):
    def build(w, classes):
        layers, inputs = [conv(3, w(64), 7, 2, norm=True), nn.MaxPool2d(3, 2, 1)], w(64)
        for stage, depth in enumerate(depths):
            width = w(64 << stage)
            for i in range(depth):
                layers.append(block(inputs, width, 4 * width, 2 if stage and i == 0 else 1))
                inputs = 4 * width
        if block is preactivated:
            layers += [nn.BatchNorm2d(inputs), nn.ReLU()]
        return pooled(nn.Sequential(*layers), inputs, classes)

    return build


class Subsampled(nn.Module):
    """A shortcut without weights: every other pixel, and channels of zeros."""

    def __init__(self, more):
        super().__init__()
        self.more = more

    def forward(self, x):
        return F.pad(F.avg_pool2d(x, 1, 2), (0, 0, 0, 0, 0, self.more))


def stochastic_depth(w, classes):
    """110 layers, as they run once trained: each path by the probability with which it was kept."""
    layers, inputs, blocks = [conv(3, w(16), norm=True)], w(16), 54
    for n in range(blocks):
        width = w(16) << n // 18
        stride = 1 if width == inputs else 2
        path = nn.Sequential(conv(inputs, width, 3, stride, norm=True), conv(width, width, norm=True, act=None))
        shortcut = Subsampled(width - inputs) if stride == 2 else None
        layers.append(Sum(path, shortcut, nn.ReLU(), 1 - 0.5 * (n + 1) / blocks))
        inputs = width
    return pooled(nn.Sequential(*layers), inputs, classes)


def squeezenet(w, classes):
    def fire(inputs, squeeze, expand):
        return nn.Sequential(conv(inputs, w(squeeze), 1), Join(conv(w(squeeze), w(expand), 1), conv(w(squeeze), w(expand))))

    layers, inputs = [conv(3, w(96), 7, 2, pad=0), nn.MaxPool2d(3, 2, ceil_mode=True)], w(96)
    for i, (squeeze, expand) in enumerate([(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)]):
        layers.append(fire(inputs, squeeze, expand))
        inputs = 2 * w(expand)
        if i in (2, 6):
            layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
    return nn.Sequential(*layers, nn.Dropout(), conv(inputs, classes, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Excitation(nn.Module):
    """Channels by a factor that all of the picture decides."""

    def __init__(self, channels, inner):
        super().__init__()
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, inner, 1), nn.ReLU(), nn.Conv2d(inner, channels, 1),
                                  nn.Hardsigmoid())

    def forward(self, x):
        return x * self.gate(x)


def inverted(inputs, hidden, outputs, kernel, stride, act, excited=0):
    layers = [conv(inputs, hidden, 1, norm=True, act=act)] if hidden != inputs else []
    layers.append(conv(hidden, hidden, kernel, stride, norm=True, act=act, groups=hidden))
    if excited:
        layers.append(Excitation(hidden, excited))
    path = nn.Sequential(*layers, conv(hidden, outputs, 1, norm=True, act=None))
    return Sum(path) if stride == 1 and inputs == outputs else path


def inverted_stages(w, first, stages, act):
    """`stages`: expansion, channels, repetitions, stride, kernel."""
    layers, inputs = [conv(3, w(first), 3, 2, norm=True, act=act)], w(first)
    for expansion, channels, repetitions, stride, kernel in stages:
        for i in range(repetitions):
            layers.append(inverted(inputs, expansion * inputs, w(channels), kernel, 1 if i else stride, act))
            inputs = w(channels)
    return layers, inputs


def mobilenet_v2(w, classes):
    layers, inputs = inverted_stages(w, 32, [(1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 32, 3, 2, 3), (6, 64, 4, 2, 3), (6, 96, 3, 1, 3),
                                             (6, 160, 3, 2, 3), (6, 320, 1, 1, 3)], nn.ReLU6)
    return pooled(nn.Sequential(*layers, conv(inputs, w(1280), 1, norm=True, act=nn.ReLU6)), w(1280), classes)


def efficientnet_lite0(w, classes):
    layers, inputs = inverted_stages(w, 32, [(1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5),
                                             (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)], nn.ReLU6)
    return pooled(nn.Sequential(*layers, conv(inputs, w(1280), 1, norm=True, act=nn.ReLU6)), w(1280), classes)


def mobilenet_v3(w, classes):
    """The large one. Rows: kernel, hidden, outputs, excited, Hardswish, stride."""
    layers, inputs = [conv(3, w(16), 3, 2, norm=True, act=nn.Hardswish)], w(16)
    for kernel, hidden, outputs, excited, swish, stride in [
            (3, 16, 16, 0, 0, 1), (3, 64, 24, 0, 0, 2), (3, 72, 24, 0, 0, 1), (5, 72, 40, 1, 0, 2), (5, 120, 40, 1, 0, 1),
            (5, 120, 40, 1, 0, 1), (3, 240, 80, 0, 1, 2), (3, 200, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1),
            (3, 480, 112, 1, 1, 1), (3, 672, 112, 1, 1, 1), (5, 672, 160, 1, 1, 2), (5, 960, 160, 1, 1, 1),
            (5, 960, 160, 1, 1, 1)]:
        layers.append(inverted(inputs, w(hidden), w(outputs), kernel, stride, nn.Hardswish if swish else nn.ReLU,
                               w(hidden // 4) if excited else 0))
        inputs = w(outputs)
    layers += [conv(inputs, w(960), 1, norm=True, act=nn.Hardswish), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
               nn.Linear(w(960), w(1280)), nn.Hardswish(), nn.Dropout(), nn.Linear(w(1280), classes)]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """With borders kept, and pictures of any size: what comes up is padded to what it is joined with."""

    def __init__(self, w, classes):
        super().__init__()
        widths = [w(64) << i for i in range(5)]

        def double(inputs, outputs):
            return nn.Sequential(conv(inputs, outputs, norm=True), conv(outputs, outputs, norm=True))

        self.down = nn.ModuleList(double(i, o) for i, o in zip([3, *widths], widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(o, i, 2, 2) for i, o in zip(widths, widths[1:]))
        self.joined = nn.ModuleList(double(2 * i, i) for i in widths[:-1])
        self.last = nn.Conv2d(widths[0], classes, 1)

    def forward(self, x):
        levels = [self.down[0](x)]
        for level in self.down[1:]:
            levels.append(level(F.max_pool2d(levels[-1], 2)))
        x = levels.pop()
        for up, joined in reversed(list(zip(self.up, self.joined))):
            x, beside = up(x), levels.pop()
            rows, columns = beside.shape[2] - x.shape[2], beside.shape[3] - x.shape[3]
            x = F.pad(x, [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2])
            x = joined(torch.cat([beside, x], 1))
        return self.last(x)


def upsampled_like(x, other):
    return F.interpolate(x, size=other.shape[2:], mode="bilinear", align_corners=False)


class ResidualU(nn.Module):
    """U2-Net's block: a small U-Net around a sum; of depth 0, dilations stand for pooling."""

    def __init__(self, depth, inputs, inner, outputs):
        super().__init__()

        def layer(i, o, dilation=1):
            return conv(i, o, norm=True, pad=dilation, dilation=dilation)

        self.dilated, count = depth == 0, depth or 4
        dilations = [2**i for i in range(count)] if self.dilated else [1] * (count - 1) + [2]
        self.first = layer(inputs, outputs)
        self.down = nn.ModuleList(layer(inner if i else outputs, inner, d) for i, d in enumerate(dilations))
        self.up = nn.ModuleList(layer(2 * inner, inner if i else outputs, dilations[i] if self.dilated else 1)
                                for i in reversed(range(count - 1)))

    def forward(self, x):
        first = self.first(x)
        levels = [self.down[0](first)]
        for i, layer in enumerate(self.down[1:], 1):
            pool = not self.dilated and i < len(self.down) - 1
            levels.append(layer(F.max_pool2d(levels[-1], 2, ceil_mode=True) if pool else levels[-1]))
        x = levels.pop()
        for layer in self.up:
            beside = levels.pop()
            x = layer(torch.cat([x if self.dilated else upsampled_like(x, beside), beside], 1))
        return x + first


class U2Net(nn.Module):
    def __init__(self, w, _):
        super().__init__()
        depths = [7, 6, 5, 4, 0, 0]
        inner, outputs = [w(c) for c in (32, 32, 64, 128, 256, 256)], [w(c) for c in (64, 128, 256, 512, 512, 512)]
        self.down = nn.ModuleList(ResidualU(d, i, m, o) for d, i, m, o in zip(depths, [3, *outputs], inner, outputs))
        up = [w(c) for c in (64, 64, 128, 256, 512)]
        middle = [w(c) for c in (16, 32, 64, 128, 256)]
        self.up = nn.ModuleList(ResidualU(depths[i], outputs[i] + (up[i + 1] if i < 4 else outputs[5]), middle[i], up[i])
                                for i in range(5))
        self.sides = nn.ModuleList(nn.Conv2d(c, 1, 3, padding=1) for c in [*up, outputs[5]])
        self.last = nn.Conv2d(6, 1, 1)

    def forward(self, picture):
        levels, x = [], picture
        for i, block in enumerate(self.down):
            levels.append(block(F.max_pool2d(x, 2, ceil_mode=True) if i else x))
            x = levels[-1]
        for i in reversed(range(5)):
            levels[i] = self.up[i](torch.cat([upsampled_like(levels[i + 1], levels[i]), levels[i]], 1))
        maps = [side(level) for side, level in zip(self.sides, levels)]
        maps = [maps[0], *(upsampled_like(m, maps[0]) for m in maps[1:])]
        return torch.sigmoid(self.last(torch.cat(maps, 1)))


class Transformer2D(nn.Module):
    """A spatial transformer before a small classifier: the picture is turned as a network says."""

    def __init__(self, w, classes, side=28):
        super().__init__()
        self.where = nn.Sequential(conv(1, w(32), 5), nn.MaxPool2d(2), conv(w(32), w(32), 5), nn.MaxPool2d(2), nn.Flatten(),
                                   nn.LazyLinear(w(64)), nn.ReLU(), nn.Linear(w(64), 6))
        self.what = nn.Sequential(conv(1, w(64), 5), nn.MaxPool2d(2), conv(w(64), w(128)), nn.MaxPool2d(2), nn.Flatten(),
                                  nn.LazyLinear(w(256)), nn.ReLU(), nn.Linear(w(256), classes))
        line = torch.linspace(-1, 1, side)
        rows, columns = torch.meshgrid(line, line, indexing="ij")
        self.register_buffer("places", torch.stack([columns, rows, torch.ones_like(rows)], -1).reshape(1, -1, 3))
        self.register_buffer("same", torch.tensor([[1.0, 0, 0], [0, 1, 0]]))
        self.side = side

    def forward(self, x):
        turn = self.same + 0.2 * self.where(x).reshape(-1, 2, 3)
        grid = torch.matmul(self.places, turn.transpose(1, 2)).reshape(-1, self.side, self.side, 2)
        return self.what(F.grid_sample(x, grid, align_corners=True))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.all, self.last = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        n, tokens, width = x.shape
        q, k, v = self.all(x).reshape(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(q @ k.transpose(-2, -1) * (width // self.heads)**-0.5, -1)
        return self.last((weights @ v).transpose(1, 2).reshape(n, tokens, width))


class VisionTransformer(nn.Module):
    def __init__(self, w, classes, patch=16, width=384, depth=12, heads=6):
        super().__init__()
        width = w(width)
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.first = nn.Parameter(torch.randn(1, 1, width) * 0.5)
        self.places = None  # until a picture tells how many
        self.blocks = nn.Sequential(*(layer for _ in range(depth) for layer in (
            Sum(nn.Sequential(nn.LayerNorm(width), Attention(width, heads))),
            Sum(nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))))))
        self.norm, self.last = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.first.expand(x.shape[0], -1, -1), x], 1)
        if self.places is None:
            self.places = nn.Parameter(torch.randn_like(x[:1]) * 0.5)
        x = x + self.places
        return self.last(self.norm(self.blocks(x))[:, 0])


@dataclass(frozen=True)
class Family:
    name: str
    label: str
    build: Callable  # of widths and classes
    size: tuple  # channels, height, width
    odd: tuple = None  # height and width, where any will do
    classes: int = 1000
    small: float = 1 / 16  # the width of the small version, and
    small_size: tuple = None
    small_odd: tuple = None

    def widths(self, scale):
        """Of layers, by their width in the full network."""
        return lambda channels: max(1, round(channels * scale))


PICTURE, ODD, SMALL, SMALL_ODD = (3, 224, 224), (197, 251), (3, 64, 64), (75, 53)
FREE = dict(odd=ODD, small_size=SMALL, small_odd=SMALL_ODD)

FAMILIES = [
    Family("lenet5", "LeNet-5", lenet5, (1, 32, 32), classes=10, small=1 / 4, small_size=(1, 32, 32)),
    Family("alexnet", "AlexNet", alexnet, (3, 227, 227), small=1 / 64, small_size=(3, 99, 99)),
    Family("zfnet", "ZF Net", zfnet, PICTURE, small=1 / 96, small_size=(3, 96, 96)),
    Family("overfeat", "OverFeat", overfeat, (3, 231, 231), (263, 305), small=1 / 160, small_size=(3, 231, 231), small_odd=(263, 305)),
    Family("vgg16", "VGG-16", vgg([2, 2, 3, 3, 3]), PICTURE, small=1 / 100, small_size=SMALL),
    Family("vgg19", "VGG-19", vgg([2, 2, 4, 4, 4]), PICTURE, small=1 / 100, small_size=SMALL),
    Family("googlenet", "GoogLeNet", googlenet, PICTURE, small=1 / 48, **FREE),
    Family("prelu_net", "PReLU-net", prelu_net, PICTURE, small=1 / 160, small_size=PICTURE),
    Family("resnet50", "ResNet-50", resnet([3, 4, 6, 3]), PICTURE, small=1 / 128, **FREE),
    Family("resnet101", "ResNet-101", resnet([3, 4, 23, 3]), PICTURE, small=1 / 128, **FREE),
    Family("resnet152", "ResNet-152", resnet([3, 8, 36, 3]), PICTURE, small=1 / 128, **FREE),
    Family("preact_resnet200", "Pre-activation ResNet-200", resnet([3, 24, 36, 3], preactivated), PICTURE, small=1 / 128, **FREE),
    Family("stochastic_depth", "Stochastic depth, 110 layers", stochastic_depth, (3, 32, 32), (37, 45), 10, 1 / 16,
           (3, 32, 32), (37, 45)),
    Family("squeezenet", "SqueezeNet", squeezenet, PICTURE, small=1 / 16, **FREE),
    Family("mobilenet_v2", "MobileNet v2", mobilenet_v2, PICTURE, small=1 / 32, **FREE),
    Family("mobilenet_v3", "MobileNet v3", mobilenet_v3, PICTURE, small=1 / 48, **FREE),
    Family("efficientnet_lite0", "EfficientNet-Lite0", efficientnet_lite0, PICTURE, small=1 / 48, **FREE),
    Family("unet", "U-Net", UNet, PICTURE, ODD, 1, 1 / 64, (3, 16, 16), (21, 27)),
    Family("u2net", "U2-Net", U2Net, PICTURE, ODD, 1, 1 / 64, (3, 32, 32), (37, 45)),
    Family("spatial_transformer", "Spatial transformer", Transformer2D, (1, 28, 28), classes=10,
           small=1 / 24, small_size=(1, 28, 28)),
    Family("vit", "ViT-S/16", VisionTransformer, PICTURE, small=1 / 64, small_size=SMALL),
]


def with_weights(module, size):
    """He's initialisation, and normalisations as they stand after training on noise: values keep their size in networks
    of any depth."""
    torch.manual_seed(SEED)
    x = torch.randn(4, *size)
    with torch.no_grad():
        module.eval()(x)  # makes what depends on sizes
        for layer in module.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if isinstance(layer, (nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.LayerNorm)) and layer.bias is not None:
                nn.init.normal_(layer.bias, std=0.1)
            if isinstance(layer, nn.PReLU):
                nn.init.uniform_(layer.weight, 0.1, 0.4)
            if isinstance(layer, (nn.BatchNorm2d, nn.LayerNorm)):
                nn.init.uniform_(layer.weight, 0.5, 1.5)
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = None  # the mean of what it sees
                layer.train()
        for layer in module.modules():
            if isinstance(layer, Sum):  # what is added is less than what is there, as training leaves it
                weighted = [part for part in layer.path.modules() if hasattr(part, "weight")]
                weighted[-1].weight *= 0.2
        module(x)
        for layer in module.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_var.clamp_(min=0.1)  # of channels that hardly change
    return module.eval()


def network(family, small=False):
    torch.manual_seed(SEED)
    width, classes, size = (family.small, min(family.classes, 10), family.small_size) if small else (1, family.classes, family.size)
    return with_weights(family.build(family.widths(width), classes), size), size


def export(family, path, small=False):
    """Writes the ONNX file, its batch free, and rows and columns too where the network takes any."""
    module, size = network(family, small)
    free = {0: "n", 2: "h", 3: "w"} if family.odd else {0: "n"}
    torch.onnx.export(module, torch.zeros(1, *size), str(path), dynamo=False, opset_version=17, input_names=["x"],
                      output_names=["y"], dynamic_axes={"x": free, "y": {0: "n"}})
    onnx.checker.check_model(str(path))

# SPDX-License-Identifier: Apache-2.0
"""The feature network: a residual network of plain 3x3 and 1x1 convolutions, 0.5 GMAC at 224x224, 4.7 M parameters with its 1,000 classes.

Input: RGB, (x - 127) / 128, any size of at least 32. The encoder of segmentation takes the maps, everything else the pooled features.
"""
import torch
from torch import nn
import torch.nn.functional as F
from common.trainer import weights

MEAN, SCALE = 127., 128.                         # of the input, as the teacher has it
WIDTHS, BLOCKS, FEATURES, CLASSES = (32, 64, 128, 256), (2, 2, 3, 2), 1280, 1000


def convolution(inputs, outputs, size, stride=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.a, self.b = convolution(inputs, outputs, 3, stride), convolution(outputs, outputs, 3)
        self.skip = convolution(inputs, outputs, 1, stride) if stride > 1 else nn.Identity()
        if stride == 1:
            nn.init.zeros_(self.b[1].weight)     # starts as the identity

    def forward(self, x):
        return F.relu(self.skip(x) + self.b(F.relu(self.a(x))))


class FeatureNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = convolution(3, WIDTHS[0], 3, 2)
        self.stages = nn.ModuleList(nn.Sequential(*[Block(w if i else before, w, 1 if i else 2) for i in range(n)])
                                    for before, w, n in zip(WIDTHS[:1] + WIDTHS, WIDTHS, BLOCKS))
        self.project = convolution(WIDTHS[-1], FEATURES, 1)
        self.classify = nn.Linear(FEATURES, CLASSES)

    def maps(self, x):
        """At 1/2, 1/4, 1/8, 1/16 and 1/32 of the picture's sides (rounded up), of 32, 32, 64, 128 and 256 channels."""
        maps = [F.relu(self.stem(x))]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps

    def forward(self, x):
        """Pooled features N,1280, not negative, and logits of the classes N,1000."""
        pooled = F.relu(self.project(self.maps(x)[-1])).mean((2, 3))
        return pooled, self.classify(pooled)


def normalised(pictures):
    """N,H,W,3 uint8 RGB to the network's input."""
    return ((pictures.permute(0, 3, 1, 2).float() - MEAN) / SCALE).contiguous(memory_format=torch.channels_last)


def load(path):
    """The network of a checkpoint."""
    net = FeatureNetwork()
    net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in weights(path).items()})
    return net

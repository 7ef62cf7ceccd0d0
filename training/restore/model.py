# SPDX-License-Identifier: Apache-2.0
"""One network for every restoration: a residual U-Net on pixels of half the resolution that predicts what is wrong with a picture.

Input: RGB from 0 to 1 and one map (noise level, JPEG strength or mask). Output: what to subtract. No normalisation, no attention, no
biases: a network of plain convolutions runs on every engine, and without biases it scales with the noise (Mohan et al. 2020; the
blocks are DRUNet's, Zhang et al. 2021).
"""
import torch
from torch import nn
import torch.nn.functional as F

TIERS = dict(fast=(32, 64, 128), good=(64, 128, 256), deep=(32, 64, 96, 128))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.b = nn.Conv2d(width, width, 3, padding=1, bias=False)

    def forward(self, x):
        return x + self.b(F.relu(self.a(x)))


def blocks(width, count):
    return nn.Sequential(*[Block(width) for _ in range(count)])


class Restorer(nn.Module):
    def __init__(self, widths, sides=2, body=4):
        super().__init__()
        self.head = nn.Conv2d(16, widths[0], 3, padding=1, bias=False)
        self.encode = nn.ModuleList(blocks(w, sides) for w in widths[:-1])
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2, bias=False) for a, b in zip(widths, widths[1:]))
        self.body = blocks(widths[-1], body)
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2, bias=False) for a, b in zip(widths, widths[1:]))
        self.decode = nn.ModuleList(blocks(w, sides) for w in widths[:-1])
        self.tail = nn.Conv2d(widths[0], 12, 3, padding=1, bias=False)
        for m in self.modules():
            if isinstance(m, Block):                 # as many branches as there are add up to a signal of unchanged size
                nn.init.kaiming_normal_(m.a.weight, nonlinearity='relu')
                nn.init.normal_(m.b.weight, std=.3 * m.b.weight[0].numel() ** -.5)

    @property
    def multiple(self):
        """Sides must be multiples of this."""
        return 2 ** (len(self.down) + 1)

    def forward(self, x):
        """N,4,H,W to N,3,H,W."""
        x, skips = self.head(F.pixel_unshuffle(x, 2)), []
        for encode, down in zip(self.encode, self.down):
            x = encode(x)
            skips.append(x)
            x = down(x)
        x = self.body(x)
        for up, decode in reversed(list(zip(self.up, self.decode))):
            x = decode(up(x) + skips.pop())
        return F.pixel_shuffle(self.tail(x), 2)


def build(state):
    """The network that a state dict belongs to."""
    count = lambda key: len({k.split('.')[1 + key.count('.')] for k in state if k.startswith(key + '.')})
    widths = [state['head.weight'].shape[0]] + [state[f'down.{i}.weight'].shape[0] for i in range(count('down'))]
    net = Restorer(widths, count('encode.0'), count('body'))
    net.load_state_dict({k: v.float() for k, v in state.items()})
    return net

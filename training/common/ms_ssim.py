# SPDX-License-Identifier: Apache-2.0
"""MS-SSIM as a loss (Wang, Simoncelli and Bovik 2003): five scales, 11-tap Gaussian of sigma 1.5, mean over channels."""
import torch
import torch.nn.functional as F

WEIGHTS = (.0448, .2856, .3001, .2363, .1333)
C1, C2 = .01 ** 2, .03 ** 2


def blur(x):
    """Gaussian window of every plane, positions where it fits entirely."""
    taps = torch.exp(-(torch.arange(11, device=x.device) - 5.) ** 2 / (2 * 1.5 ** 2))
    kernel = (taps / taps.sum()).repeat(x.shape[1], 1, 1, 1)
    return F.conv2d(F.conv2d(x, kernel, groups=x.shape[1]), kernel.transpose(2, 3), groups=x.shape[1])


def ms_ssim(a, b):
    """Of N,C,H,W pictures in 0..1, at least 176 pixels a side: N values."""
    with torch.autocast(a.device.type, enabled=False):
        c = a.shape[1]
        a, b, product = a.float().contiguous(), b.float().contiguous(), 1.
        for scale, weight in enumerate(WEIGHTS):
            mean_a, mean_b, aa, bb, ab = blur(torch.cat([a, b, a * a, b * b, a * b], 1)).split(c, 1)
            cs = (2 * (ab - mean_a * mean_b) + C2) / (aa - mean_a * mean_a + bb - mean_b * mean_b + C2)
            if scale == len(WEIGHTS) - 1:
                cs = cs * (2 * mean_a * mean_b + C1) / (mean_a * mean_a + mean_b * mean_b + C1)
            product = product * cs.mean((2, 3)).clamp(min=1e-4) ** weight
            if scale < len(WEIGHTS) - 1:
                a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
        return product.mean(1)

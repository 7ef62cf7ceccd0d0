# SPDX-License-Identifier: Apache-2.0
"""A codec's shortcut through few numbers per block of 8x8 pixels, from one through all 192: those that say most, by singular values."""
import torch
import torch.nn.functional as F
from codec.model import LatentCodec, shape


def block_covariance(x):
    v = F.pixel_unshuffle(x - .5, 8).permute(0, 2, 3, 1).flatten(0, 2).double()
    return v.T @ v / len(v)


def low_rank_analysis(state, x, size, rank):
    """What of the blocks the latents hear, each latent at its size, blocks as they are in pictures."""
    w = state.pop('ga.linear.weight').double()                        # M, 192, 4, 4
    variance, axes = torch.linalg.eigh(block_covariance(x))
    root = variance.clamp(min=1e-7).sqrt()
    heard = (w / size[:, None, None, None]).permute(0, 2, 3, 1).flatten(0, 2) @ (axes * root)
    v = torch.linalg.svd(heard, full_matrices=False)[2][:rank]        # rank, 192, of blocks with uncorrelated numbers
    state['ga.linear.0.weight'] = (v @ (axes / root).T).reshape(rank, 3, 8, 8)
    state['ga.linear.0.bias'] = torch.zeros(rank)
    state['ga.linear.1.weight'] = torch.einsum('opyx,rp->oryx', w, v @ (axes * root).T)
    state['ga.linear.1.bias'] = state.pop('ga.linear.bias') + .5 * w.sum((1, 2, 3)).float()


def low_rank_synthesis(state, size, rank):
    """What the latents say to blocks."""
    w = state.pop('gs.linear.weight').double()                        # M, 192, 4, 4
    v = torch.linalg.svd((w * size[:, None, None, None]).permute(0, 2, 3, 1).flatten(0, 2), full_matrices=False)[2][:rank]
    state['gs.linear.0.weight'] = torch.einsum('mpyx,rp->mryx', w, v)
    state['gs.linear.0.bias'] = torch.zeros(rank)
    state['gs.linear.1.weight'] = v.reshape(rank, 3, 8, 8)
    state['gs.linear.1.bias'] = state.pop('gs.linear.bias')
    # What the last layers see of the picture: the answer to each of the numbers in one block of three by three.
    mix, bias = state.pop('gs.mix.weight'), state.pop('gs.mix.bias')
    block = torch.zeros(rank, 3, 24, 24)
    block[:, :, 8:16, 8:16] = v.reshape(rank, 3, 8, 8)
    state['gs.lift.weight'] = F.conv2d(F.pixel_unshuffle(block, 4), mix, None, 1, 1)[:, :, 1:5, 1:5]
    state['gs.lift.bias'] = bias + mix.sum((2, 3)) @ (state['gs.linear.1.bias'] - .5).repeat_interleave(16)


@torch.no_grad()
def low_rank(net, x, rank, rank_a):
    """A network whose shortcuts pass so many numbers; None leaves one as it is. x: pictures, N,3,H,W."""
    state, options = dict(net.state_dict()), shape(net.state_dict())
    size = net.ga(x).pow(2).mean((0, 2, 3)).sqrt().double()
    if rank_a:
        options['rank_a'] = rank_a
        low_rank_analysis(state, x, size, rank_a)
    if rank:
        options['rank'] = rank
        low_rank_synthesis(state, size, rank)
    small = LatentCodec(rates=len(net.gain), **options)
    small.load_state_dict(state)
    return small

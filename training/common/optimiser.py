# SPDX-License-Identifier: Apache-2.0
"""Muon for weight matrices, Adam for the rest; two processes may share the work."""
from collections import defaultdict
import torch


def orthogonalise(x, steps=5):
    """Newton-Schulz iteration: batch of matrices (rows <= cols) to their nearest semi-orthogonal ones (Jordan et al. 2024).

    A wide matrix x goes through the iteration as q, where q x is what it has become, and as the square of that, both rows by rows.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = x / (x.float().flatten(1).norm(dim=1)[:, None, None] + 1e-7).to(x.dtype)
    if x.shape[2] >= 4 * x.shape[1]:
        A = torch.bmm(x.float(), x.float().transpose(1, 2))
        for step in range(steps):
            r = torch.baddbmm(A, A, A, beta=b, alpha=c)
            r.diagonal(dim1=1, dim2=2).add_(a)
            q = r @ q if step else r
            if step < steps - 1:
                A = torch.bmm(torch.bmm(r, A), r)
        return torch.bmm(q.to(x.dtype), x)
    for _ in range(steps):
        A = torch.bmm(x, x.transpose(1, 2))
        x = torch.baddbmm(x, torch.baddbmm(A, A, A, beta=b, alpha=c), x, beta=a)
    return x


class Muon:
    """Momentum orthogonalised for matrices, Adam for others. lr in Adam units; a matrix moves by muon_scale lr times its own size (or .01). others: [(parameters, relative rate)].

    share(tensor), rank, world: with several processes each orthogonalises every world-th matrix and share() sums the updates.
    """
    def __init__(self, matrices, others, lr, momentum=.95, muon_scale=1.0, rank=0, world=1, share=None):
        self.adam = torch.optim.Adam([dict(params=o, s=s) for o, s in others], lr, betas=(.9, .99), foreach=True)
        self.mu, self.k, self.rank, self.world, self.share = momentum, muon_scale, rank, world, share
        self.matrices, load = matrices, [0.0] * world
        self.owner = {}
        for i in sorted(range(len(matrices)), key=lambda i: -self.cost(matrices[i])):
            self.owner[i] = min(range(world), key=lambda r: load[r])
            load[self.owner[i]] += self.cost(matrices[i])
        self.mine = [i for i in range(len(matrices)) if self.owner[i] == rank]
        self.buffers, self.groups = [torch.zeros_like(matrices[i]) for i in self.mine], defaultdict(list)
        for j, i in enumerate(self.mine):
            s = matrices[i].flatten(1).shape
            self.groups[min(s), max(s)].append((i, j))
        if world > 1:
            self.flat = torch.zeros(sum(p.numel() for p in matrices), dtype=torch.bfloat16)

    @staticmethod
    def cost(p):
        s = p.flatten(1).shape
        return min(s) ** 2 * max(s) + 2e6

    @torch.no_grad()
    def step(self, lr):
        for g in self.adam.param_groups:
            g['lr'] = lr * g['s']
        self.adam.step()
        grads = [self.matrices[i].grad for i in self.mine]
        torch._foreach_mul_(self.buffers, self.mu)
        torch._foreach_add_(self.buffers, grads)
        updates = [None] * len(self.matrices)
        for (r, c), members in self.groups.items():
            flat = [torch.add(grads[j], self.buffers[j], alpha=self.mu).bfloat16().flatten(1) for _, j in members]
            out = orthogonalise(torch.stack([f if f.shape[0] == r else f.T for f in flat]))
            for (i, _), f, q in zip(members, flat, out):
                updates[i] = (q if f.shape[0] == r else q.T).reshape(self.matrices[i].shape)
        if self.world > 1:
            self.flat.zero_()
            at = 0
            for i, p in enumerate(self.matrices):
                if updates[i] is not None:
                    self.flat[at:at + p.numel()].copy_(updates[i].flatten())
                at += p.numel()
            self.share(self.flat)
            at = 0
            for i, p in enumerate(self.matrices):
                updates[i] = self.flat[at:at + p.numel()].view(p.shape)
                at += p.numel()
        for p, u in zip(self.matrices, updates):
            p.add_(u.to(p.dtype), alpha=-lr * self.k * max(.01, p.norm().item() / min(p.flatten(1).shape) ** .5))

    def zero_grad(self):
        for p in self.matrices:
            p.grad = None
        self.adam.zero_grad(set_to_none=True)

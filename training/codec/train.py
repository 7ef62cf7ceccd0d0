# SPDX-License-Identifier: Apache-2.0
"""Trains the codec: train.py NAME --data DIR --minutes M [--resume FILE|FOLDER]. Writes NAME.pt (EMA weights, half precision) and NAME.jsonl.

--resume takes a checkpoint or a folder of exported files. On CPUs with bf16 matrix units --processes 2 (one thread each, gradients
exchanged through shared memory) is faster than two threads, and does not suffer when something else runs on the machine.
Without --resume: --entropy-only for some minutes first (the shortcut is a fixed block KLT, only the entropy model learns), then everything.
"""
import argparse
import copy
import json
import math
import os
import time
from collections import defaultdict
import numpy as np
import torch
import torch.multiprocessing as mp
import torch.nn.functional as F
from condition import dead_units, normalise, revive
from data import Crops, kodak, photographs
from model import LAMBDA, RATES, LatentCodec, build
from optimiser import Muon


def options():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('name')
    ap.add_argument('--data', required=True, help='folder with photos-*/ (training) and kodak/ (evaluation)')
    ap.add_argument('--minutes', type=float, default=30)
    ap.add_argument('--resume')
    ap.add_argument('--entropy-only', action='store_true')
    ap.add_argument('--dense-a', type=int, nargs='*', default=[], help='widths of dense blocks in the analysis')
    ap.add_argument('--dense-s', type=int, nargs='*', default=[], help='widths of dense blocks in the synthesis')
    ap.add_argument('--lr', type=float, default=1.5e-3)
    ap.add_argument('--muon', type=float, default=5.5, help='step of a matrix relative to its size, per unit of rate')
    ap.add_argument('--shortcut', type=float, default=.05, help='relative rate of the shortcut')
    ap.add_argument('--warmup', type=int, default=100)
    ap.add_argument('--batch', type=int, default=8, help='per process')
    ap.add_argument('--crop', type=int, default=192)
    ap.add_argument('--processes', type=int, default=1)
    ap.add_argument('--seed', type=int, default=0)
    ap.add_argument('--save-minutes', type=float, default=3)
    ap.add_argument('--condition', action='store_true', help='first bring signals to size one and restart dead units')
    ap.add_argument('--nice', type=int, default=0, help='priority, on Linux including its autogroup')
    return ap.parse_args()


def load(path):
    if os.path.isdir(path):
        from weights import read_folder
        return read_folder(path)
    return torch.load(path, map_location='cpu')


LONGEST = 5.                                     # seconds


class Exchange:
    """Sums tensors of two or more processes through shared memory (two sets of slots: one barrier per sum)."""
    def __init__(self, world, size):
        self.slots, self.barrier = torch.zeros(2, world, size, dtype=torch.bfloat16).share_memory_(), mp.Barrier(world)
        self.turn = 0

    def add(self, flat, rank):
        slots, self.turn = self.slots[self.turn], 1 - self.turn
        slots[rank, :flat.numel()].copy_(flat)
        self.barrier.wait()
        flat.copy_(slots[:, :flat.numel()].sum(0) if len(slots) > 2 else slots[0, :flat.numel()] + slots[1, :flat.numel()])


def evaluate(net, pictures, dev):
    """Mean 'bpp/dB' per rate anchor over the pictures."""
    out = []
    with torch.no_grad(), torch.autocast(dev, dtype=torch.bfloat16):
        for q in range(RATES):
            r = [(b.mean().item(), -10 * math.log10(F.mse_loss((h.clamp(0, 1) * 255).round() / 255, x).item()))
                 for x in pictures for h, b, _ in [net(x, torch.tensor([float(q)], device=dev), hard=True)]]
            out.append(np.mean(r, 0).tolist())
    return out


def prioritise(nice):
    """Each process gets a kernel autogroup of its own, so that the grouping does not undo the priority."""
    try:
        os.setsid()
        os.setpriority(os.PRIO_PROCESS, 0, nice)
        with open('/proc/self/autogroup', 'w') as f:
            f.write(str(nice))
    except OSError as error:
        print('priority unchanged:', error, flush=True)


def work(rank, a, state, exchange, images):
    if a.nice:
        prioritise(a.nice)
    if a.processes > 1:
        torch.set_num_threads(1)
        if hasattr(os, 'sched_setaffinity'):
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, {cores[rank % len(cores)]})
    dev = 'cuda' if torch.cuda.is_available() else 'cpu'
    torch.manual_seed(a.seed * 100 + rank)
    feed = Crops(images, a.batch, a.crop, int(time.time()) * 16 + rank)
    net = build(state, dense_a=a.dense_a, dense_s=a.dense_s)
    if a.entropy_only:
        for t in (net.ga.tail, net.gs.tail):
            torch.nn.init.zeros_(t.weight)
        for p in [*net.ga.parameters(), *net.gs.parameters(), net.gain, net.correction]:
            p.requires_grad_(False)
    net = net.to(dev).to(memory_format=torch.channels_last)
    ema = copy.deepcopy(net)
    named = [(n, p) for n, p in net.named_parameters() if p.requires_grad]
    params = [p for _, p in named]
    rates = {'.linear.': a.shortcut, '.norm.bias': .5, '.norm.weight': .03, '.tail.bias': .1}
    groups, matrices = defaultdict(list), []
    for n, p in named:
        special = [r for key, r in rates.items() if key in n]
        if p.ndim == 4 and p.shape[1] > 1 and not special:
            matrices.append(p)
        else:
            groups[special[0] if special else 1.].append(p)
    share = (lambda t: exchange.add(t, rank)) if a.processes > 1 else None
    opt = Muon(matrices, [(p, r) for r, p in groups.items()], a.lr, muon_scale=a.muon, rank=rank, world=a.processes, share=share)
    lam, pictures = torch.tensor(LAMBDA, device=dev), None
    log = open(a.name + '.jsonl', 'a') if rank == 0 else None

    def save():
        torch.save({k: v.half().cpu() for k, v in ema.state_dict().items()}, a.name + '.tmp')
        os.replace(a.name + '.tmp', a.name + '.pt')

    def report(done, it):
        nonlocal pictures
        pictures = pictures or [x.to(dev) for x in kodak(os.path.join(a.data, 'kodak'), (1, 5, 8, 13, 19, 23))]
        points = evaluate(ema, pictures, dev)
        log.write(json.dumps(dict(done=done, steps=it, megapixels=it * a.processes * a.batch * a.crop ** 2 / 1e6, kodak6=points)) + '\n')
        log.flush()
        print('  kodak6 bpp/dB', ' '.join('%.3f/%.2f' % tuple(p) for p in points), flush=True)

    it, losses, flag = 0, [], torch.zeros(1, dtype=torch.bfloat16)
    worked, saved, then = 0., 0., time.time()    # seconds; a step that took longer was stopped from outside
    flat = torch.empty(sum(p.numel() for p in params), dtype=torch.bfloat16) if a.processes > 1 else None
    while True:
        now = time.time()
        worked, then = worked + min(now - then, LONGEST), now
        done = worked / (a.minutes * 60)
        if a.processes > 1:                      # all follow the clock of process 0
            flag.fill_(done if rank == 0 else 0)
            exchange.add(flag, rank)
            done = flag.item()
        if done >= 1:
            break
        lr = a.lr * min(1, (it + 1) / a.warmup) * (.01 + .99 * .5 * (1 + math.cos(math.pi * done)))
        x = feed.next().to(dev).permute(0, 3, 1, 2).float().div_(255)
        # one stratified draw of rates per batch; half of them between the anchors, where the gains are interpolated
        rate = (torch.randperm(a.batch, device=dev) + torch.rand(a.batch, device=dev)) * (RATES / a.batch) - .5
        rate = torch.where(torch.rand(a.batch, device=dev) < .5, rate.round(), rate).clamp(0, RATES - 1)
        with torch.autocast(dev, dtype=torch.bfloat16):
            xh, bits, _ = net(x, rate)
        l = lam[0] * (lam[1] / lam[0]) ** rate
        loss = ((l * ((xh - x) ** 2).mean((1, 2, 3)) * 255 ** 2 + bits) / l.sqrt()).mean() * 0.1
        opt.zero_grad()
        loss.backward()
        if a.processes > 1:
            at = 0
            for p in params:
                flat[at:at + p.numel()].copy_(p.grad.flatten())
                at += p.numel()
            exchange.add(flat, rank)
            at = 0
            for p in params:
                p.grad.copy_(flat[at:at + p.numel()].view(p.shape)).div_(a.processes)
                at += p.numel()
        torch.nn.utils.clip_grad_norm_(params, 1.0, foreach=True)
        opt.step(lr)
        it += 1
        if rank:
            continue
        if it % 4 == 0:                          # the averaged weights, every fourth step
            with torch.no_grad():
                torch._foreach_lerp_(list(ema.parameters()), list(net.parameters()), 1 - min(.999, (1 + it) / (10 + it)) ** 4)
        losses.append(loss.item())
        if it % 100 == 0:
            print(f'{it} {done:.3f} loss {np.mean(losses[-100:]):.4f} {worked / it:.3f} s/it', flush=True)
        if it % 500 == 0:
            print('  dead units', dead_units(ema, x, rate), flush=True)
        if worked - saved > a.save_minutes * 60:
            save()
            saved = worked
    if rank == 0:
        save()
        print('final', it, flush=True)
        report(1, it)


def starting_point(a, images):
    """State dict to train from."""
    if a.resume:
        net = build(load(a.resume), dense_a=a.dense_a, dense_s=a.dense_s)
    else:
        net, feed = LatentCodec(dense_a=a.dense_a, dense_s=a.dense_s), Crops(images, 1, 16, a.seed)
        net.init_pca(torch.from_numpy(np.stack([feed.patch(16) for _ in range(60000)])).permute(0, 3, 1, 2).float() / 255)
    if a.condition:
        x = torch.from_numpy(np.stack([im[:192, :192] for im in images[::40]])).permute(0, 3, 1, 2).float() / 255
        rate = torch.linspace(0, RATES - 1, len(x))
        normalise(net, x, rate)
        revive(net, x, rate)
    return net.state_dict()


if __name__ == '__main__':
    a = options()
    images = photographs(a.data)
    torch.manual_seed(a.seed)
    if a.processes > 1:
        torch.set_num_threads(1)                 # before the fork
    state = starting_point(a, images)
    if a.processes > 1:
        mp.set_start_method('fork')
        exchange = Exchange(a.processes, 20_000_000)
        children = [mp.Process(target=work, args=(r, a, state, exchange, images)) for r in range(a.processes)]
        for c in children:
            c.start()
        for c in children:
            c.join()
    else:
        work(0, a, state, None, images)

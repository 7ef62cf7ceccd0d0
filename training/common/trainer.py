# SPDX-License-Identifier: Apache-2.0
"""The training loop of every network: bf16, Muon, one cosine over a budget of minutes, averaged weights, one or more processes.

A run that was killed goes on by the same command, from NAME.state.

A task is an object with
    network()            the network with its starting weights, made once before the processes are
    feed(rank)           an object whose next() gives a batch
    loss(net, batch)     a scalar, called under autocast
    groups(net)          (matrices for Muon, [(parameters, relative rate)] for Adam)
    evaluate(net)        a dict for the log, from the averaged weights
    watch(net, batch)    something to print now and then
"""
import copy
import json
import os
import time
import numpy as np
import torch
from common.optimiser import Muon
from common.parallel import pin, prioritise, start

LONGEST = 5.                                     # seconds
OUTLIER = 5.                                     # a step with a gradient so many times the usual one is left out
DIVERGED = 8                                     # steps left out in a row end the run


def add_options(ap, lr, batch, crop):
    ap.add_argument('name', help='writes NAME.pt (averaged weights, half precision), NAME.jsonl, and NAME.state to go on from')
    ap.add_argument('--data', required=True, help='folder with photos-*/ for training, and evaluation pictures')
    ap.add_argument('--minutes', type=float, default=30, help='of working time: a pause (SIGSTOP) only delays the end')
    ap.add_argument('--resume', help='a checkpoint or exported files to start from')
    ap.add_argument('--lr', type=float, default=lr)
    ap.add_argument('--muon', type=float, default=5.5, help='step of a matrix relative to its size, per unit of rate')
    ap.add_argument('--warmup', type=int, default=100)
    ap.add_argument('--decay', type=float, default=1, help='share of the time, at its end, in which the rate falls; 0: it stays, and a later run --resume NAME.state --decay 1 ends it')
    ap.add_argument('--batch', type=int, default=batch, help='per process')
    ap.add_argument('--crop', type=int, default=crop)
    ap.add_argument('--processes', type=int, default=1)
    ap.add_argument('--seed', type=int, default=0)
    ap.add_argument('--save-minutes', type=float, default=3)
    ap.add_argument('--nice', type=int, default=0, help='priority, on Linux including its autogroup')


class Clock:
    """Working time: a step that took longer than LONGEST was stopped from outside."""
    def __init__(self, worked):
        self.worked, self.then = worked, time.time()

    def tick(self):
        now = time.time()
        self.worked, self.then = self.worked + min(now - self.then, LONGEST), now
        return self.worked


class Gradients:
    """The mean of all processes' gradients."""
    def __init__(self, params, exchange, rank, world):
        self.params, self.exchange, self.rank, self.world = params, exchange, rank, world
        self.flat = torch.empty(sum(p.numel() for p in params), dtype=torch.bfloat16)

    def average(self):
        at = 0
        for p in self.params:
            self.flat[at:at + p.numel()].copy_(p.grad.flatten())
            at += p.numel()
        self.exchange.add(self.flat, self.rank)
        at = 0
        for p in self.params:
            p.grad.copy_(self.flat[at:at + p.numel()].view(p.shape)).div_(self.world)
            at += p.numel()


def save(state, path):
    torch.save(state, path + '.tmp')
    os.replace(path + '.tmp', path)


def weights(path):
    """The state dict in NAME.pt, or in NAME.state."""
    state = torch.load(path, map_location='cpu')
    return state.get('net', state)


def halved(net):
    return {k: v.half().cpu() if v.is_floating_point() else v.cpu() for k, v in net.state_dict().items()}


def averaged(net):
    """Parameters, and what normalisations have measured."""
    return [*net.parameters(), *(b for b in net.buffers() if b.is_floating_point())]


def rate(done, decay):
    """Constant, then half a cosine."""
    return 1 if done <= 1 - decay else .01 + .99 * .5 * (1 + np.cos(np.pi * (done - 1 + decay) / decay))


def loop(a, task, net, rank, exchange):
    dev = 'cuda' if torch.cuda.is_available() else 'cpu'
    torch.manual_seed(a.seed * 100 + rank)
    feed, net = task.feed(rank), net.to(dev).to(memory_format=torch.channels_last)
    ema, first, before = copy.deepcopy(net), 0, 0.
    if os.path.exists(a.name + '.state'):
        state = torch.load(a.name + '.state', map_location=dev)
        net.load_state_dict(state['net'])
        ema.load_state_dict(state['ema'])
        first, before = state['steps'], state['worked']
    params = [p for p in net.parameters() if p.requires_grad]
    matrices, others = task.groups(net)
    share = (lambda t: exchange.add(t, rank)) if exchange else None
    opt = Muon(matrices, others, a.lr, muon_scale=a.muon, rank=rank, world=a.processes, share=share)
    gradients = Gradients(params, exchange, rank, a.processes) if exchange else None
    it, losses, usual, skipped = first, [], None, 0
    flag, clock, saved = torch.zeros(1, dtype=torch.bfloat16), Clock(before), time.time()

    def checkpoint():
        save(halved(ema), a.name + '.pt')
        save(dict(net=net.state_dict(), ema=ema.state_dict(), steps=it, worked=clock.worked), a.name + '.state')
    while True:
        worked = clock.tick()
        done = worked / (a.minutes * 60)
        if exchange:                             # all follow the clock of process 0
            flag.fill_(done if rank == 0 else 0)
            exchange.add(flag, rank)
            done = flag.item()
        if done >= 1:
            break
        batch = [t.to(dev) for t in feed.next()]
        with torch.autocast(dev, dtype=torch.bfloat16):
            loss = task.loss(net, batch)
        opt.zero_grad()
        loss.backward()
        if exchange:
            gradients.average()
        norm = torch.nn.utils.clip_grad_norm_(params, 1.0, foreach=True).item()
        usual = norm if usual is None else usual + .05 * (min(OUTLIER * usual, norm) - usual)  # in this order: the gradient may be no number
        if not norm < OUTLIER * usual:
            skipped += 1
            if rank == 0:
                print(f'left out a step: gradient {norm:.3g}, usually {usual:.3g}', flush=True)
            if skipped == DIVERGED:
                raise SystemExit('diverged: start again from the last good weights with a lower --lr')
            continue
        skipped = 0
        opt.step(a.lr * min(1, (it - first + 1) / a.warmup) * rate(done, a.decay))
        it += 1
        if rank:
            continue
        if it % 4 == 0:                          # the averaged weights, every fourth step
            with torch.no_grad():
                torch._foreach_lerp_(averaged(ema), averaged(net), 1 - min(.999, (1 + it) / (10 + it)) ** 4)
        losses.append(loss.item())
        if it % 100 == 0:
            print(f'{it} {done:.3f} loss {np.mean(losses[-100:]):.5f} {(worked - before) / (it - first):.3f} s/it', flush=True)
        if it % 500 == 0:
            print(' ', task.watch(ema, batch), flush=True)
        if time.time() - saved > a.save_minutes * 60:
            checkpoint()
            saved = time.time()
    if rank == 0:
        checkpoint()
        with torch.no_grad(), torch.autocast(dev, dtype=torch.bfloat16):
            result = task.evaluate(ema.eval())
        with open(a.name + '.jsonl', 'a') as log:
            log.write(json.dumps(dict(steps=it, megapixels=it * a.processes * a.batch * a.crop ** 2 / 1e6, **result)) + '\n')
        print('final', it, result, flush=True)


def train(a, task):
    torch.manual_seed(a.seed)
    net = task.network()

    def work(rank, exchange):
        if a.nice:                               # in the background, on whichever core is idle
            prioritise(a.nice)
        elif exchange:
            pin(rank)
        loop(a, task, net, rank, exchange)
    start(work, a.processes, sum(p.numel() for p in net.parameters()) + 1)

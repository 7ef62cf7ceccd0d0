# SPDX-License-Identifier: Apache-2.0
"""Two or more training processes, one thread each, that sum their gradients through shared memory."""
import os
import torch
import torch.multiprocessing as mp


class Exchange:
    """Sums tensors of two or more processes (two sets of slots: one barrier per sum)."""
    def __init__(self, world, size):
        self.slots, self.barrier = torch.zeros(2, world, size, dtype=torch.bfloat16).share_memory_(), mp.Barrier(world)
        self.turn = 0

    def add(self, flat, rank):
        slots, self.turn = self.slots[self.turn], 1 - self.turn
        slots[rank, :flat.numel()].copy_(flat)
        self.barrier.wait()
        flat.copy_(slots[:, :flat.numel()].sum(0) if len(slots) > 2 else slots[0, :flat.numel()] + slots[1, :flat.numel()])


def prioritise(nice):
    """Each process gets a kernel autogroup of its own, so that the grouping does not undo the priority."""
    try:
        os.setsid()
        os.setpriority(os.PRIO_PROCESS, 0, nice)
        with open('/proc/self/autogroup', 'w') as f:
            f.write(str(nice))
    except OSError as error:
        print('priority unchanged:', error, flush=True)


def pin(rank):
    """One thread, on a core of its own."""
    torch.set_num_threads(1)
    if hasattr(os, 'sched_setaffinity'):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[rank % len(cores)]})


def start(work, world, size):
    """Runs work(rank, exchange) in `world` processes; `size` is the longest tensor to be summed."""
    if world == 1:
        return work(0, None)
    torch.set_num_threads(1)                     # before the fork
    mp.set_start_method('fork')
    exchange = Exchange(world, size)
    children = [mp.Process(target=work, args=(r, exchange)) for r in range(world)]
    for c in children:
        c.start()
    for c in children:
        c.join()
    if any(c.exitcode for c in children):
        raise SystemExit(1)

"""Matrix products, of a wide model each divided among threads by the columns of the result.

A library that divides small products itself is left behind by one thread a part: at width 768,
128 rows, by a sixth. How a product is divided follows from the number of threads alone.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor

from retrodict.models._layers import ALIGN


class Products:
    """Products by so many threads; the caller is one of them.

    Parameters:
        threads: how many; torch itself should use one.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.pool: ThreadPoolExecutor | None = None
        if threads > 1:
            self.pool = ThreadPoolExecutor(threads - 1, "part", torch.set_num_threads, (1,))

    def mm(self, a: Tensor, b: Tensor, out: Tensor) -> Tensor:
        """Write a @ b into `out`."""
        if self.pool is None:
            return torch.mm(a, b, out=out)
        self.divided(lambda part: torch.mm(a, b[:, part], out=out[:, part]), out.shape[1])
        return out

    def addmm(self, bias: Tensor, a: Tensor, b: Tensor, out: Tensor) -> Tensor:
        """Write bias + a @ b into `out`."""
        if self.pool is None:
            return torch.addmm(bias, a, b, out=out)

        def work(part: slice) -> Tensor:
            return torch.addmm(bias[..., part], a, b[:, part], out=out[:, part])

        self.divided(work, out.shape[1])
        return out

    def divided(self, work: Callable[[slice], Any], length: int) -> None:
        """Call `work` on parts of range(length), each a multiple of ALIGN but for the last."""
        if self.pool is None:
            work(slice(0, length))
            return
        step = -(-length // (self.threads * ALIGN)) * ALIGN
        *others, mine = (slice(i, min(i + step, length)) for i in range(0, length, step))
        waiting = [self.pool.submit(work, part) for part in others]
        work(mine)
        for part in waiting:
            part.result()

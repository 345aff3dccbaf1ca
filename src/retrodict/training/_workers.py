"""Several workers for a population's learners: threads, or processes forked from this one.

Python runs one thread at a time, and between two operations on small tensors each would wait for
the other: at width 128 two threads lose a quarter of their time so. Forked processes do not, and
what they change lies in memory that they share. Threads serve where forking is not safe; only Linux
is known to be.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Protocol, runtime_checkable

import torch

from retrodict.errors import CannotFinish
from retrodict.signals import STOPPING

Work = Callable[[str, int, int], Any]
"""Does the named work for an epoch and a learner."""

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux's prctl


@runtime_checkable
class Workers(Protocol):
    """Does work for every learner."""

    def do(self, what: str, epoch: int) -> list[Any]:
        """Return what `work(what, epoch, learner)` gives for each learner in turn."""


def can_fork() -> bool:
    """Whether this process may fork: on Linux, by its main thread, unless it is a fork itself.

    Not where Ray is at work: its own threads would leave locks behind that no fork can open.
    """
    if sys.platform != "linux" or multiprocessing.current_process().daemon:
        return False
    ray = sys.modules.get("ray")
    if ray is not None and ray.is_initialized():
        return False
    return threading.current_thread() is threading.main_thread()


class InThread:
    """This thread does it all."""

    def __init__(self, work: Work, learners: int) -> None:
        self.work, self.learners = work, learners

    def do(self, what: str, epoch: int) -> list[Any]:
        """Return each learner's result."""
        return [self.work(what, epoch, s) for s in range(self.learners)]


class ThreadWorkers:
    """Threads of this process, each with one thread of torch's."""

    def __init__(self, work: Work, learners: int, count: int) -> None:
        self.work, self.learners = work, learners
        self.pool = ThreadPoolExecutor(count, "learner", torch.set_num_threads, (1,))

    def do(self, what: str, epoch: int) -> list[Any]:
        """Return each learner's result."""
        try:
            return list(self.pool.map(lambda s: self.work(what, epoch, s), range(self.learners)))
        except BaseException:  # an interruption ends the waiting, and has to end the work too
            self.pool.shutdown(wait=False, cancel_futures=True)
            raise


class ForkedWorkers:
    """Processes forked from this one; member w works on learners w, w + count, …

    They see everything as it is now. What is to be seen later has to lie in shared memory.
    """

    def __init__(self, work: Work, learners: int, count: int) -> None:
        self.learners = learners
        context = multiprocessing.get_context("fork")
        self.members: list[tuple[BaseProcess, Connection]] = []
        self._end = weakref.finalize(self, _end, self.members)
        _AT_WORK.add(self)
        for w in range(count):
            ours, theirs = context.Pipe()
            others = [ours, *(connection for _, connection in self.members)]
            share = range(w, learners, count)
            process = context.Process(
                target=_serve, args=(work, share, theirs, others, os.getpid()), daemon=True
            )
            with warnings.catch_warnings():  # Python warns of forking beside torch's idle threads
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
            theirs.close()
            self.members.append((process, ours))

    def do(self, what: str, epoch: int) -> list[Any]:
        """Return each learner's result.

        Raises:
            CannotFinish: a process was killed.
        """
        results: list[Any] = [None] * self.learners
        if not self.members:
            raise CannotFinish("the processes of this training have ended; start it again")
        try:
            for _, connection in self.members:
                connection.send((what, epoch))
            for w, (_, connection) in enumerate(self.members):
                found = connection.recv()
                if isinstance(found, Exception):
                    raise found
                results[w :: len(self.members)] = found
        except (EOFError, ConnectionError):
            self._end()
            raise CannotFinish(
                "a process that trained some of the learners was killed (too little memory?); the "
                "same command continues from the last checkpoint"
            ) from None
        except BaseException:
            self._end()
            raise
        return results


def _serve(
    work: Work, share: Sequence[int], orders: Connection, others: list[Connection], parent: int
) -> None:
    """Serve requests until they end, in a separate process."""
    for signum in STOPPING:  # the parent decides, and a terminal or Slurm asks all
        signal.signal(signum, signal.SIG_IGN)
    if hasattr(signal, "SIGXCPU"):  # a limit of CPU time is each process's own
        signal.signal(signal.SIGXCPU, lambda signum, _: os.kill(parent, signum))
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        return
    for connection in others:
        connection.close()
    torch.set_num_threads(1)
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            what, epoch = orders.recv()
            try:
                orders.send([work(what, epoch, s) for s in share])
            except Exception as error:
                orders.send(error)


_AT_WORK: weakref.WeakSet[ForkedWorkers] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    """End what is at work when Python ends: before multiprocessing asks, whom workers ignore."""
    for workers in list(_AT_WORK):
        workers._end()


def _end(members: list[tuple[BaseProcess, Connection]]) -> None:
    for process, connection in members:
        connection.close()
        process.kill()
    for process, _ in members:
        process.join()
    members.clear()

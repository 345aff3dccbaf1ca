"""The signals that ask to stop: Ctrl-C, and what schedulers and terminals send before the end.

    INT, TERM                 a second one, at least a second later, ends at once
    HUP, USR1, USR2, XCPU     may come again and again (Slurm's --signal, a limit of CPU time)

Where somebody else listens to one of the latter (submitit's workers do), or it is ignored (under
nohup), that stays so. Whoever listened before does again afterwards.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

_URGENT = ("SIGINT", "SIGTERM")
_PATIENT = ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU")
STOPPING = tuple(getattr(signal, name) for name in (*_URGENT, *_PATIENT) if hasattr(signal, name))
"""The numbers of all of them, as far as the system has them."""

_SAME_SECONDS = 1.0  # `timeout`, srun and a terminal may all pass on one and the same signal
_POLL_SECONDS = 0.1


class Stop:
    """Whether someone asked to stop."""

    asked = False

    def check(self) -> None:
        """Give up waiting if so."""
        if self.asked:
            raise KeyboardInterrupt

    def sleep(self, seconds: float) -> None:
        """Wait; give up at once when asked to."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, _POLL_SECONDS))
        self.check()


class _Listener:
    """A handler of ours: passes on the first signal, and an urgent one that follows it later."""

    def __init__(self, first: Callable[[], None]) -> None:
        self._first, self._since = first, 0.0

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self._since:
            self._since = now
            self._first()
        elif signal.Signals(signum).name in _URGENT and now - self._since >= _SAME_SECONDS:
            raise KeyboardInterrupt


@contextlib.contextmanager
def stop_signals() -> Iterator[Stop]:
    """Turn the first signal into a request; a later second Ctrl-C or TERM ends at once."""
    stop = Stop()

    def ask() -> None:
        stop.asked = True

    with _listening(_Listener(ask)):
        yield stop


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let every signal do what Ctrl-C does, where nothing else listens."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with _listening(_Listener(interrupt)):
        yield


@contextlib.contextmanager
def _listening(listener: _Listener) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python hands signals to the main thread alone
        return
    before = {s: signal.signal(s, listener) for s in STOPPING if _may_take(s)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _may_take(signum: signal.Signals) -> bool:
    handler = signal.getsignal(signum)
    if handler is None:  # of a library that is not Python's, which could not be given back
        return False
    return signum.name in _URGENT or handler is signal.SIG_DFL or isinstance(handler, _Listener)

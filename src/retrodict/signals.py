"""Signals that ask a training to stop: Ctrl-C, and those that schedulers and terminals send.

    INT, TERM                 a second one, at least a second later, ends the process at once
    HUP, USR1, USR2, XCPU     may be repeated (Slurm's --signal, a CPU time limit)

If one of the latter is ignored (under nohup) or already has a handler (in submitit's workers), it
is left alone. Earlier handlers are restored at the end.
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
"""Those of them that this system has."""

_SAME_SECONDS = 1.0  # `timeout`, srun and a terminal may each pass on the same signal
_POLL_SECONDS = 0.1
_IMPORT_SECONDS = 10.0  # how long an import may put off an interrupt


class Stop:
    """Whether a signal asked to stop."""

    asked = False

    def ask(self) -> None:
        """Ask to stop."""
        self.asked = True

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal asked to stop."""
        if self.asked:
            raise KeyboardInterrupt

    def sleep(self, seconds: float) -> None:
        """Sleep; raise KeyboardInterrupt as soon as a signal asks to stop."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, _POLL_SECONDS))
        self.check()


class _Listener:
    """Signal handler: calls `first` on the first signal, and interrupts on a later urgent one.

    With `spare_imports`, a signal during an import comes again a little later: an exception in the
    middle of torch's import ends the process, or leaves half a module behind.
    """

    def __init__(self, first: Callable[[], None], spare_imports: bool = False) -> None:
        self._first, self._since = first, 0.0
        self._spare_imports, self._import_since = spare_imports, 0.0

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._spare_imports and _is_import(frame):
            self._import_since = self._import_since or now
            if now - self._import_since < _IMPORT_SECONDS:
                later = threading.Timer(_POLL_SECONDS, signal.raise_signal, [signum])
                later.daemon = True
                later.start()
                return
        if not self._since:
            self._since = now
            self._first()
        elif signal.Signals(signum).name in _URGENT and now - self._since >= _SAME_SECONDS:
            raise KeyboardInterrupt


def _is_import(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def stop_signals() -> Iterator[Stop]:
    """Turn the first signal into a request to stop; a later Ctrl-C or TERM interrupts at once."""
    stop = Stop()
    with _listening(_Listener(stop.ask)):
        yield stop


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Make every signal without a handler of its own raise KeyboardInterrupt, after any import."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with _listening(_Listener(interrupt, spare_imports=True)):
        yield


@contextlib.contextmanager
def _listening(listener: _Listener) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only
        return
    before = {s: signal.signal(s, listener) for s in STOPPING if _may_take(s)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _may_take(signum: signal.Signals) -> bool:
    handler = signal.getsignal(signum)
    if handler is None:  # set by C code, so it could not be restored
        return False
    return signum.name in _URGENT or handler is signal.SIG_DFL or isinstance(handler, _Listener)

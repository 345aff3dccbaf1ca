"""Signals that ask to stop, sent for real to this process."""

from __future__ import annotations

import importlib
import os
import signal
import threading
import time

import pytest

from retrodict import signals
from retrodict.errors import Interrupted
from retrodict.launch._local import execute
from retrodict.launch._remote import _Notes
from retrodict.runs import Store
from retrodict.signals import STOPPING, interruptible, stop_signals

PATIENT = [s for s in STOPPING if s.name not in ("SIGINT", "SIGTERM")]
every = pytest.mark.parametrize("signum", STOPPING, ids=lambda s: s.name)
pytestmark = pytest.mark.skipif(not PATIENT, reason="the system has no such signals")


@pytest.fixture(autouse=True)
def _as_a_shell_starts_it():
    """The usual handlers, whichever the process that runs the tests has."""
    before = {s: signal.getsignal(s) for s in STOPPING}
    for signum in STOPPING:
        usual = signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL
        signal.signal(signum, usual)
    yield
    for signum, handler in before.items():
        signal.signal(signum, signal.SIG_DFL if handler is None else handler)


def send(signum: signal.Signals) -> None:
    os.kill(os.getpid(), signum)


class SendsWhileTraining(_Notes):
    """A reporter that sends a signal at each of the first epochs."""

    def __init__(self, signum: signal.Signals) -> None:
        super().__init__()
        self.signum = signum

    def training(self, run, epoch, epochs):
        if epoch in (1, 2):
            send(self.signum)


@every
def test_each_signal_ends_a_training_with_a_checkpoint(tiny, tmp_path, signum):
    handlers = [signal.getsignal(s) for s in STOPPING]
    with pytest.raises(Interrupted, match="stopped after epoch 1"):
        execute(tiny.placed(), Store(tmp_path), SendsWhileTraining(signum))
    (run,) = Store(tmp_path).runs()
    assert run.status == "interrupted"
    assert [event["event"] for event in run.events()] == ["started", "interrupted"]
    assert [signal.getsignal(s) for s in STOPPING] == handlers


@every
def test_outside_a_training_each_signal_acts_like_ctrl_c(signum):
    with interruptible(), pytest.raises(KeyboardInterrupt):
        send(signum)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_at_once_unless_it_repeats_the_first(monkeypatch, signum):
    with stop_signals() as stop:
        send(signum)
        send(signum)  # as `timeout` does
        assert stop.asked
        monkeypatch.setattr(signals, "_SAME_SECONDS", 0.0)
        with pytest.raises(KeyboardInterrupt):
            send(signum)


@pytest.mark.parametrize("signum", PATIENT, ids=lambda s: s.name)
def test_signals_of_schedulers_may_be_repeated(monkeypatch, signum):
    monkeypatch.setattr(signals, "_SAME_SECONDS", 0.0)
    with stop_signals() as stop:
        for _ in range(3):
            send(signum)
    assert stop.asked


@pytest.mark.parametrize("signum", PATIENT, ids=lambda s: s.name)
def test_handlers_of_others_are_left_alone(signum):
    heard = []
    signal.signal(signum, lambda number, frame: heard.append(number))
    with interruptible(), stop_signals() as stop:
        send(signum)
    assert (heard, stop.asked) == ([signum], False)


@pytest.mark.parametrize("signum", PATIENT, ids=lambda s: s.name)
def test_what_is_ignored_stays_ignored(signum):
    signal.signal(signum, signal.SIG_IGN)
    with interruptible(), stop_signals() as stop:
        send(signum)
    assert not stop.asked


def test_a_training_inside_a_command_handles_signals_until_it_ends():
    with interruptible():
        with stop_signals() as stop:
            send(signal.SIGTERM)
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGTERM)


def test_a_signal_ends_waiting_at_once():
    begun = time.monotonic()
    with stop_signals() as stop:
        later = threading.Timer(0.2, send, (signal.SIGTERM,))
        later.start()
        with pytest.raises(KeyboardInterrupt):
            stop.sleep(60.0)
        later.join()
    assert time.monotonic() - begun < 30


def test_in_another_thread_nothing_is_touched():
    before = [signal.getsignal(s) for s in STOPPING]
    seen = []

    def look():
        with stop_signals():
            seen.extend(signal.getsignal(s) for s in STOPPING)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == before


def test_an_import_ends_before_it_is_interrupted(tmp_path, monkeypatch):
    """An exception in the middle of torch's import would end the process."""
    text = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nwhole = True\n"
    (tmp_path / "interrupted_import.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def load() -> None:
        with interruptible():
            assert importlib.import_module("interrupted_import").whole
            time.sleep(10)

    with pytest.raises(KeyboardInterrupt):
        load()

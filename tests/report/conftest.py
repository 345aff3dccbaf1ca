"""A small store with drawn figures, a reader of pages, and a real browser."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import retrodict
from retrodict import Experiment
from retrodict.claims import Check, Claim, Effort, Evidence, Kept, at_least, at_most, bounded
from retrodict.figures import DrawingRecord
from retrodict.figures._reproduce import code_version, digest_of
from retrodict.measures import Interval
from retrodict.report import RunView, view
from retrodict.runs import Run, Store
from retrodict.training import train

TINY = """
task: {kind: TASK, vocab_size: 32}
model: {n_layer: 1, n_head: 2, d_model: 16, dropout: 0.0}
optimizer: {lr: 0.02}
training: {epochs: 12, batch_size: 8, learners: 3, threads: 1}
record: {every: 2, weights_at: [0, 6, 12]}
"""
OWN = """
task: {kind: pairs, n: 4, m: 12}
model: {kind: bilinear, d: 24}
optimizer: {lr: LR}
training: {epochs: 8, learners: 2, threads: 1}
record: {every: 2, weights_at: [8]}
"""


def trained(store: Store, text: str) -> Run:
    """Put a finished run into a store, without waiting for cores."""
    experiment = Experiment.from_text(text).placed()
    run = store.prepare(experiment)
    run.begin(experiment)
    outcome = train(experiment)
    run.finish(outcome.trace, None)
    run.log("finished", seconds=1.5)
    return run


def some_claims(figure: str) -> list[Claim]:
    found = Interval(0.02, 0.01, 0.03, 3)
    high = Interval(7.0, 6.5, 7.5, 3)
    return [
        at_most(f"{figure}.training", "training NLL ends near 0", "S", found, 0.1),
        at_least(f"{figure}.validation", "no better than a guess", "S", high, 3.5),
    ]


def statements(*checks: tuple[str, float]) -> Kept:
    """Statements that were checked: name and what was measured, against at most 1."""

    def examined(name: str, measured: float) -> Any:
        return Check(
            name=name,
            title=f"title of {name}",
            words="words",
            formula=r"p \leq 1",
            grade="R",
            check=lambda effort: Evidence([bounded("a part", measured, 1.0)], seeds=[0, 1]),
        ).examine(Effort(fast=True))

    findings = [examined(name, measured) for name, measured in checks]
    command = "retrodict verify --fast"
    return Kept(findings, True, command, retrodict.__version__, code_version())


@pytest.fixture(scope="session")
def template(tmp_path_factory) -> Path:
    """Figures 1, 2 and 3 of tiny runs, and two runs of one's own."""
    root = tmp_path_factory.mktemp("template")
    store = Store(root)
    reversal = trained(store, TINY.replace("TASK", "reversal")).folder.name
    chain = trained(store, TINY.replace("TASK", "chain")).folder.name
    for lr in ("1.0", "0.5"):
        trained(store, OWN.replace("LR", lr))
    for figure, label, folder in (
        ("fig1", "reversal", reversal),
        ("fig2", "reversal", reversal),
        ("fig3", "chain", chain),
    ):
        Image.new("RGB", (900, 500), "white").save(root / f"{figure}.png")
        claims = some_claims(figure)
        files = {f"{figure}.png": digest_of(root / f"{figure}.png")}
        record = DrawingRecord(
            figure, "smoke", "tiny", {label: folder}, claims, files, code_version()
        )
        record.write(root / f"{figure}.json")
    statements(("theorem-1", 0.5), ("lemma-1", 0.25)).write(root / "verify.json")
    return root


@pytest.fixture
def store(template, tmp_path) -> Path:
    """A copy of the small store that a test may damage."""
    return Path(shutil.copytree(template, tmp_path / "store"))


@pytest.fixture(scope="session")
def _views() -> dict[Any, RunView]:
    return {}


@pytest.fixture(autouse=True)
def _runs_are_read_once(monkeypatch, _views):
    """Reading a trace takes a quarter of a second; the same bytes give the same view."""

    def remembered(run: Run) -> RunView:
        files = sorted(path for path in run.folder.iterdir() if path.is_file())
        key = (run.folder.name, *((path.name, path.read_bytes()) for path in files))
        if key not in _views:
            _views[key] = view(run)
        return _views[key]

    monkeypatch.setattr("retrodict.report._collect.view", remembered)


@pytest.fixture
def edit(store):
    """Change a figure's record."""

    def change(figure: str, **changes: Any) -> None:
        path = store / f"{figure}.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**content, **changes}), encoding="utf-8")

    return change


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.text += data


@pytest.fixture
def elements():
    return Elements


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
# Chromium reads commands from descriptor 3 and writes answers to descriptor 4.
LAUNCH = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """A headless Chromium, spoken to over a pipe in its own (DevTools) protocol."""

    def __init__(self, profile: Path) -> None:
        assert CHROMIUM
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", LAUNCH, str(commands), str(answers)),
                *(CHROMIUM, *FLAGS, f"--user-data-dir={profile}"),
            ],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._buffer, self._number, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []
        target = self("Target.createTarget", url="about:blank")["targetId"]
        attached = self("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    def __call__(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command and wait for its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self, seconds: float = 20.0) -> dict[str, Any]:
        until = time.monotonic() + seconds
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0, until - time.monotonic()))
            assert ready, "chromium does not answer"
            chunk = os.read(self._read, 1 << 20)
            assert chunk, "chromium ended"
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def js(self, expression: str) -> Any:
        """Evaluate an expression in the page."""
        found = self(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, expression: str, seconds: float = 10.0) -> Any:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not (value := self.js(expression)):
            assert time.monotonic() < end, f"never became true: {expression}"
            time.sleep(0.03)
        return value

    def open(self, path: Path, width: int = 1280, height: int = 800, **media: str) -> None:
        """Open a page in a window of a size; `media` are features, e.g. a colour scheme."""
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        wanted = {"prefers_reduced_motion": "reduce", **media}
        features = [{"name": k.replace("_", "-"), "value": v} for k, v in wanted.items()]
        self("Emulation.setEmulatedMedia", features=features)
        self.load(path)

    def load(self, path: Path) -> None:
        """Go to a page and wait until it is loaded."""
        self.events.clear()
        self("Page.navigate", url=path.as_uri())
        end = time.monotonic() + 20
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            assert time.monotonic() < end, "the page does not load"
            time.sleep(0.02)
            self("Page.enable")  # its answer comes after what happened before

    def press(self, key: str) -> None:
        """Press a key on what has the focus."""
        codes = {
            "ArrowLeft": 37,
            "ArrowRight": 39,
            "ArrowDown": 40,
            "Home": 36,
            "Tab": 9,
            " ": 32,
            "Enter": 13,
        }
        text = {" ": " ", "Enter": "\r"}.get(key, "")
        for kind in ("keyDown" if text else "rawKeyDown", "keyUp"):
            self(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code="Space" if key == " " else key,
                windowsVirtualKeyCode=codes[key],
                text=text if kind == "keyDown" else "",
            )

    def picture(self) -> bytes:
        """Take a screenshot of the window."""
        return base64.b64decode(self("Page.captureScreenshot", format="png")["data"])

    def seen(self, *kinds: str) -> list[dict[str, Any]]:
        """Return what the page caused since it was opened."""
        self.js("1")  # whatever happened before is told before this is answered
        return [event["params"] for event in self.events if event["method"] in kinds]

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(AssertionError, OSError):
            self._session = ""
            self("Browser.close")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if CHROMIUM is None:
        lacking = "no chromium on this machine (Debian: apt-get install chromium)"
        (pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip)(lacking)
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()

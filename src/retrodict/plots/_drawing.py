"""The one way to matplotlib: figures are made, drawn and saved under its own defaults and our look.

Neither a notebook's backend nor anybody's rc file is asked: the same picture, byte for byte,
whoever draws it. Backend and settings stay as they were found; only `Figure` is used.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrodict.host import own_settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
else:  # so that what only speaks of them does not load them
    Axes = AxesImage = Figure = Any

__all__ = ["LOOK", "Axes", "AxesImage", "Figure", "drawing", "require_matplotlib"]

LOOK: dict[str, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "pdf.fonttype": 42,  # text stays text
    "svg.hashsalt": "retrodict",  # names within a drawing are the same each time
    "figure.dpi": 200,
}
"""Readable in print and by colour-blind readers."""


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """Draw in our look, whatever the process that called us has set; also a decorator.

    One thread at a time: matplotlib has one set of settings for all.
    """
    with own_settings(), _ONE_AT_A_TIME:
        require_matplotlib()
        import matplotlib as mpl

        defaults = {k: v for k, v in mpl.rcParamsDefault.items() if k not in _NO_LOOK}
        look: Any = {**defaults, **LOOK}
        with mpl.rc_context(look):
            yield


def require_matplotlib() -> None:
    """Load matplotlib, even where it is told of a backend, or of settings, that it refuses.

    Those are left to whoever gave them: what can be loaded as it is, is, so that a notebook that
    loads us first keeps its backend.
    """
    if "matplotlib" in sys.modules:
        return
    try:
        import matplotlib
    except Exception:
        for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]  # what was loaded of it belongs to a module that is gone
        with _its_own_rc_file():
            import matplotlib
    assert matplotlib


@contextlib.contextmanager
def _its_own_rc_file() -> Iterator[None]:
    """Let matplotlib find its own defaults first: it looks for an rc file in the working folder.

    Raises:
        ImportError: it is not installed.
    """
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        raise ImportError("matplotlib is not installed")
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        with contextlib.chdir(Path(found.origin).with_name("mpl-data")):
            yield
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


_NO_LOOK = ("backend", "backend_fallback", "interactive", "toolbar", "figure.max_open_warning")
"""What says where figures are shown, not how they look. Asking for the backend would choose one."""
_ONE_AT_A_TIME = threading.RLock()

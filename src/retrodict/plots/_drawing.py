"""Use matplotlib with its default settings and our style to make, draw and save figures.

A notebook's backend and the user's settings are ignored and left unchanged, so that a picture has
the same bytes wherever it is drawn. Only `Figure` is used.
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
else:  # names for annotations, without loading matplotlib
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
    """Draw in our style, whatever settings the process has; also a decorator.

    Only one thread draws at a time, because matplotlib's settings are global.
    """
    with own_settings(), _ONE_AT_A_TIME:
        require_matplotlib()
        import matplotlib as mpl

        defaults = {k: v for k, v in mpl.rcParamsDefault.items() if k not in _NO_LOOK}
        look: Any = {**defaults, **LOOK}
        with mpl.rc_context(look):
            yield


def require_matplotlib() -> None:
    """Load matplotlib, even if the environment names a backend or settings that it refuses.

    They are overridden only in that case, so that a notebook that loads us first keeps its backend.
    """
    if "matplotlib" in sys.modules:
        return
    try:
        import matplotlib
    except Exception:
        for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]  # parts of it would belong to a module that is gone
        with _its_own_rc_file():
            import matplotlib
    assert matplotlib


@contextlib.contextmanager
def _its_own_rc_file() -> Iterator[None]:
    """Make matplotlib read its own rc file, rather than one in the working folder.

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
"""Settings of where figures are shown, not of their style. Reading `backend` would choose one."""
_ONE_AT_A_TIME = threading.RLock()

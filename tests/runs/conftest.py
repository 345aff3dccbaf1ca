"""What the tests of the store share."""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def read_only(monkeypatch) -> Callable[[Path], None]:
    """Make a folder's files refuse to be written, made or deleted, as a read-only disk does.

    Taking the rights away does not stop root, as whom tests may run.
    """

    def protect(root: Path) -> None:
        def refuse(path: object) -> None:
            inside = not isinstance(path, int) and str(path).startswith(str(root))
            if inside:
                raise OSError(errno.EROFS, "Read-only file system", str(path))

        def guarded_open(file, mode="r", *rest, plain=builtins.open, **more):
            if set(mode) & set("wax+"):
                refuse(file)
            return plain(file, mode, *rest, **more)

        def guarded_os_open(path, flags, *rest, plain=os.open, **more):
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                refuse(path)
            return plain(path, flags, *rest, **more)

        def guarded(plain):
            def call(path, *rest, **more):
                refuse(path)
                return plain(path, *rest, **more)

            return call

        monkeypatch.setattr(builtins, "open", guarded_open)
        monkeypatch.setattr(io, "open", guarded_open)
        monkeypatch.setattr(os, "open", guarded_os_open)
        for name in ("unlink", "remove", "rename", "replace", "mkdir", "rmdir", "chmod", "utime"):
            monkeypatch.setattr(os, name, guarded(getattr(os, name)))

    return protect

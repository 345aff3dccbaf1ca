"""Find out what a file system can do: each operation is tried in a folder that is then removed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

from retrodict.doctor._line import Found, Look, Looks
from retrodict.files import put_names_on_disk, put_on_disk, take
from retrodict.limits import gib, unescaped

_PATIENCE_SECONDS = 0.75  # for each of the two folders
_SCARCE = 200 * 2**20  # bytes of space
_SHARED = re.compile(
    r"nfs|cifs|smb|lustre|gpfs|beegfs|ceph|gluster|fuse|9p|virtiofs|afs|panfs|wekafs|drvfs"
)
_MOUNTS = Path("/proc/self/mounts")

Try = Callable[[Path], None]
"""Does something in an empty folder; raises OSError if it fails."""


def looks_at_store(store: Path) -> Looks:
    """Examine the store, or the folder in which it would be made."""
    return {"folder": _patiently(lambda: _store(store.absolute()))}


def looks_at_temporary() -> Looks:
    """Examine the folder of temporary files, which also holds the locks of cores."""
    return {"folder": _patiently(lambda: _temporary(Path(tempfile.gettempdir())))}


def _store(folder: Path) -> Iterator[Found]:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir():
        yield Found(f"{existing} is a file", "choose another folder with --out", problem=True)
        return
    missing = f", does not exist yet: tried in {existing}" if existing != folder else ""
    yield Found(f"{folder}{missing}", *_rights(existing))
    yield _file_system(existing)
    yield _space(existing)
    yield from _tried(
        existing,
        {
            "locks": (_locks, "no two processes train the same run", _NO_LOCKS),
            "rename over": (_rename_over, "no file is ever half written", _NO_RENAME),
            "fsync": (_sync, "stored files survive a power cut", _NO_SYNC),
        },
        {"symbolic links": _symbolic, "hard links": _hard, "chmod": _chmod},
    )


_NO_LOCKS = "do not run two commands on this store at once (docs/scaling.md)"
_NO_RENAME = "nothing can be stored here: choose another folder with --out"
_NO_SYNC = "the latest files may be lost in a power cut"


def _temporary(folder: Path) -> Iterator[Found]:
    flags = os.statvfs(folder).f_flag if hasattr(os, "statvfs") else 0
    refuses = bool(flags & getattr(os, "ST_NOEXEC", 0))
    follows = "compiled steps cannot be loaded from it: set TORCHINDUCTOR_CACHE_DIR"
    value = f"{folder}, {_kind(folder)}, {_free(folder)} free"
    yield Found(value, follows if refuses else "compiled steps are cached there", problem=refuses)
    works, fails = "trainings wait for free cores", "trainings do not wait for free cores"
    yield from _tried(folder, {"locks": (_locks, works, fails)}, {})


def _rights(folder: Path) -> tuple[str, bool]:
    """Return what a folder's permissions mean, and whether that is a problem."""
    if not os.access(folder, os.W_OK):
        return "not writable: runs can be read but not made", True
    umask = os.umask(0o077)
    os.umask(umask)
    return f"new files get the mode {0o666 & ~umask:o}", False


def _file_system(folder: Path) -> Found:
    name, kind = "file system", _kind(folder)
    if kind in ("tmpfs", "ramfs"):
        return Found(kind, "lost when the machine restarts", True, name)
    follows = "local to this machine"
    if kind == "unknown":
        follows = "other machines may share it"
    elif _SHARED.match(kind):
        follows = "other machines may share it; locks must work across machines"
    return Found(kind, follows, name=name)


def _kind(folder: Path) -> str:
    """Return the type of the file system that holds a folder."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return "unknown"
    place, found = folder.resolve(), (0, "unknown")
    for line in lines:
        _, where, kind, *_ = line.split(" ")
        mount = Path(unescaped(where))
        if place.is_relative_to(mount):
            found = max(found, (len(mount.parts), kind), key=lambda one: one[0])
    return found[1]


def _space(folder: Path) -> Found:
    scarce = shutil.disk_usage(folder).free < _SCARCE
    follows = f"{'too little' if scarce else 'enough'} for all figures of the paper"
    return Found(f"{_free(folder)} free", follows, scarce, name="space")


def _free(folder: Path) -> str:
    return gib(shutil.disk_usage(folder).free)


def _patiently(look: Callable[[], Iterator[Found]]) -> Look:
    """Give a look a time limit: if a file server is gone, every call waits forever."""

    def limited() -> list[Found]:
        found: list[Found] = []

        def collect() -> None:
            try:
                found.extend(look())
            except Exception as error:
                found.append(Found(f"unknown ({error})"))

        thread = Thread(target=collect, daemon=True)
        thread.start()
        thread.join(_PATIENCE_SECONDS)
        if thread.is_alive():
            value = f"no answer in {_PATIENCE_SECONDS:g} s"
            found.append(Found(value, "the file system is slow or hangs", problem=True))
        return found

    return limited


def _tried(
    folder: Path, needed: dict[str, tuple[Try, str, str]], optional: dict[str, Try]
) -> Iterator[Found]:
    """Try the needed operations, one finding each, and the optional ones, one finding in all.

    Each needed operation comes with two texts: what follows if it works, and if it fails.
    """
    before = folder.stat()
    try:
        room = Path(tempfile.mkdtemp(prefix=".retrodict-doctor-", dir=folder))
    except OSError as error:
        value = f"nothing can be written ({error.strerror})"
        yield Found(value, "nothing can be stored here", problem=True, name="tried")
        return
    try:
        for name, (attempt, works, fails) in needed.items():
            problem = _problem(attempt, room / "tried")
            follows = fails if problem else works
            yield Found(problem or "yes", follows, problem=bool(problem), name=name)
        results = [
            f"{name}: {_problem(t, room / 'tried') or 'yes'}" for name, t in optional.items()
        ]
        if results:
            follows = "optional: without links --again copies, without chmod the umask decides"
            yield Found("; ".join(results), follows, name="links, chmod")
    finally:
        shutil.rmtree(room, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))


def _problem(attempt: Try, room: Path) -> str:
    """Return why an attempt fails in an empty folder; "" if it works."""
    try:
        room.mkdir()
        attempt(room)
    except OSError as error:
        return f"no ({error.strerror or error})"
    finally:
        shutil.rmtree(room, ignore_errors=True)
    return ""


def _locks(room: Path) -> None:
    if (first := take(room / "lock")) is None:
        raise OSError("refused although it is free")
    try:
        if second := take(room / "lock"):
            second.release()
            raise OSError("two processes got it at once")
    finally:
        first.release()


def _rename_over(room: Path) -> None:
    old, new = room / "old", room / "new"
    old.write_text("old", encoding="ascii")
    new.write_text("new", encoding="ascii")
    os.replace(new, old)
    if old.read_text(encoding="ascii") != "new" or new.exists():
        raise OSError("the old content is still there")


def _sync(room: Path) -> None:
    (room / "file").write_bytes(b"x")
    put_on_disk(room / "file")
    if hasattr(os, "O_DIRECTORY"):
        put_names_on_disk(room)


def _symbolic(room: Path) -> None:
    os.symlink("nowhere", room / "link")


def _hard(room: Path) -> None:
    (room / "file").touch()
    os.link(room / "file", room / "link")


def _chmod(room: Path) -> None:
    (room / "file").touch()
    for mode in (0o600, 0o640):
        os.chmod(room / "file", mode)
        if stat.S_IMODE((room / "file").stat().st_mode) != mode:
            raise OSError("it is ignored")

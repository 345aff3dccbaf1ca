"""What a folder's file system can do: tried there, in a folder that is removed again."""

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
from retrodict.files import Lock, put_names_on_disk, put_on_disk, take
from retrodict.limits import gib, unescaped

_PATIENCE_SECONDS = 0.75  # for each of two folders
_SCARCE = 200 * 2**20  # bytes of space
_SHARED = re.compile(
    r"nfs|cifs|smb|lustre|gpfs|beegfs|ceph|gluster|fuse|9p|virtiofs|afs|panfs|wekafs|drvfs"
)
_MOUNTS = Path("/proc/self/mounts")

Try = Callable[[Path], None]
"""Does something in an empty folder; raises an OSError where that is not possible."""


def looks_at_store(store: Path) -> Looks:
    """What to look at in the store, or in the folder that it would be made in."""
    return {"folder": _patiently(lambda: _store(store.absolute()))}


def looks_at_temporary() -> Looks:
    """What to look at in the folder of temporary files, where cores are locked."""
    return {"folder": _patiently(lambda: _temporary(Path(tempfile.gettempdir())))}


def _store(folder: Path) -> Iterator[Found]:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        yield Found(f"{there} is a file", "say another folder with --out", problem=True)
        return
    missing = f", not there yet: tried in {there}" if there != folder else ""
    yield Found(f"{folder}{missing}", *_rights(there))
    yield _file_system(there)
    yield _space(there)
    yield from _tried(
        there,
        {
            "locks": (_locks, "two trainings of a run are kept apart", _NO_LOCKS),
            "rename over": (_rename_over, "no file is ever half written", _NO_RENAME),
            "fsync": (_sync, "what is kept outlasts a power cut", _NO_SYNC),
        },
        {"symbolic links": _symbolic, "hard links": _hard, "chmod": _chmod},
    )


_NO_LOCKS = "start no two commands at once with this store (docs/scaling.md)"
_NO_RENAME = "nothing can be kept here: say another folder with --out"
_NO_SYNC = "what was kept last may be lost in a power cut"


def _temporary(folder: Path) -> Iterator[Found]:
    flags = os.statvfs(folder).f_flag if hasattr(os, "statvfs") else 0
    refuses = bool(flags & getattr(os, "ST_NOEXEC", 0))
    follows = "compiled steps cannot be loaded from it: set TORCHINDUCTOR_CACHE_DIR"
    value = f"{folder}, {_kind(folder)}, {_free(folder)} free"
    yield Found(value, follows if refuses else "compiled steps are kept there", problem=refuses)
    turns = (_locks, "trainings take turns at the cores", "trainings do not take turns")
    yield from _tried(folder, {"locks": turns}, {})


def _rights(folder: Path) -> tuple[str, bool]:
    """What follows from the rights of a folder, and whether that is a problem."""
    if not os.access(folder, os.W_OK):
        return "it cannot be written: runs are read, none are made", True
    umask = os.umask(0o077)
    os.umask(umask)
    return f"new files have the mode {0o666 & ~umask:o}", False


def _file_system(folder: Path) -> Found:
    name, kind = "file system", _kind(folder)
    if kind in ("tmpfs", "ramfs"):
        return Found(kind, "lost when the machine restarts", True, name)
    if _SHARED.match(kind):
        said = "may be of several machines; locks have to hold between them"
        return Found(kind, said, name=name)
    known = kind != "unknown"
    said = "of this machine alone" if known else "nobody knows who shares it"
    return Found(kind, said, name=name)


def _kind(folder: Path) -> str:
    """Name the type of the file system that a folder is on."""
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
    little = shutil.disk_usage(folder).free < _SCARCE
    said = f"{'too little' if little else 'enough'} for a paper's figures"
    return Found(f"{_free(folder)} free", said, little, name="space")


def _free(folder: Path) -> str:
    return gib(shutil.disk_usage(folder).free)


def _patiently(look: Callable[[], Iterator[Found]]) -> Look:
    """Look for so long: where a server is gone, every call waits for ever."""

    def looked() -> list[Found]:
        found: list[Found] = []

        def look_on() -> None:
            try:
                found.extend(one for one in look())
            except Exception as error:
                found.append(Found(f"cannot be told ({error})"))

        thread = Thread(target=look_on, daemon=True)
        thread.start()
        thread.join(_PATIENCE_SECONDS)
        if thread.is_alive():
            said = f"no answer in {_PATIENCE_SECONDS:g} s"
            found.append(Found(said, "the file system is slow, or hangs", problem=True))
        return found

    return looked


def _tried(
    folder: Path, matter: dict[str, tuple[Try, str, str]], others: dict[str, Try]
) -> Iterator[Found]:
    """Try what matters, a line each, and the rest, in one line."""
    before = folder.stat()
    try:
        room = Path(tempfile.mkdtemp(prefix=".retrodict-doctor-", dir=folder))
    except OSError as error:
        value = f"nothing can be written ({error.strerror})"
        yield Found(value, "nothing can be kept here", problem=True, name="tried")
        return
    try:
        for name, (attempt, works, fails) in matter.items():
            problem = _problem(attempt, room / "tried")
            follows = fails if problem else works
            yield Found(problem or "yes", follows, problem=bool(problem), name=name)
        said = {name: _problem(attempt, room / "tried") for name, attempt in others.items()}
        if said:
            value = "; ".join(f"{name}: {problem or 'yes'}" for name, problem in said.items())
            follows = "not needed: --again copies what it cannot link, rights are the umask's"
            yield Found(value, follows, name="links, chmod")
    finally:
        shutil.rmtree(room, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))


def _problem(attempt: Try, room: Path) -> str:
    """Say what an attempt meets in an empty folder; nothing if it works."""
    try:
        room.mkdir()
        attempt(room)
    except OSError as error:
        return f"no ({error.strerror or error})"
    finally:
        shutil.rmtree(room, ignore_errors=True)
    return ""


def _locks(room: Path) -> None:
    held: list[Lock] = [lock for lock in (take(room / "lock"),) if lock]
    try:
        if not held:
            raise OSError("held by nobody, and refused")
        held += [lock for lock in (take(room / "lock"),) if lock]
        if len(held) > 1:
            raise OSError("given to two at once")
    finally:
        for lock in held:
            lock.release()


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

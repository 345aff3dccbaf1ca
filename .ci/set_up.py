"""Make the virtual environment, or mend it: `python .ci/set_up.py DIR [dev]`, for the Makefile.

An environment that is not whole (its set-up was interrupted, it was moved) or of another Python
than this one is made anew. Of pip's settings, in the shell and in files, those count that say where
packages come from; those that say which, and where they go, do not.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
UNFINISHED = ".unfinished"  # a file in the environment while it is worked at
SOURCES = (
    *("cache-dir", "cert", "client-cert", "default-timeout", "extra-index-url", "find-links"),
    *("index-url", "keyring-provider", "no-cache-dir", "no-index", "proxy", "retries", "timeout"),
    *("trusted-host", "use-feature"),
)
LOOK = "import os, sys; print(*sys.version_info[:2], os.path.realpath(sys.base_prefix))"


def main() -> None:
    """Bring the environment up to what pyproject.toml asks for, if it is not."""
    folder, extra = Path(sys.argv[1]).expanduser().absolute(), sys.argv[2:]
    os.chdir(ROOT)
    with one_at_a_time():
        if why := what_is_wrong(folder):
            make(folder, why)
        files = b"".join(Path(name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
        wanted = f"{folder.resolve()}\n{hashlib.sha256(files).hexdigest()}\n"
        ready = folder / "-".join([".ready", *extra])
        if read(ready) != wanted:
            (folder / UNFINISHED).touch()
            install(folder / "bin/python", f".[{extra[0]}]" if extra else ".")
            ready.write_text(wanted, encoding="utf-8")
            (folder / UNFINISHED).unlink()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait for another `make` that is at it."""
    with open("pyproject.toml", "rb") as held:
        with contextlib.suppress(ImportError, OSError):  # no locks there
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def what_is_wrong(folder: Path) -> str:
    """Say why an environment has to be made anew; nothing if it is whole."""
    if not folder.exists() or not any(folder.iterdir()):
        return "not there"
    if (folder / UNFINISHED).exists():
        return "its set-up was interrupted"
    made_in = read(folder / ".ready").partition("\n")[0]
    if made_in not in ("", str(folder.resolve())):
        return f"it was moved, from {made_in}"
    found = output(folder / "bin/python", "-I", "-c", f"import pip; {LOOK}")
    if found != output(sys.executable, "-I", "-c", LOOK):
        return f"it is of Python {'.'.join(found.split()[:2])}" if found else "it does not work"
    return ""


def make(folder: Path, why: str) -> None:
    """Make an environment, in place of one that is ours."""
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        stop(f"{sys.executable} lacks venv (Debian, Ubuntu: apt install {package})")
    if why != "not there":
        ours = folder.resolve().parent == ROOT and (folder / "pyvenv.cfg").exists()
        if not ours and not (folder / UNFINISHED).exists() and not (folder / ".ready").exists():
            stop(f"{folder} is not empty and was not made here: remove it, or set VENV")
        print(f"{folder} is made anew: {why}", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / UNFINISHED).touch()  # first: half removed, it may look whole
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != UNFINISHED:
            path.unlink()
    base = getattr(sys, "_base_executable", None) or sys.executable  # this may be the one removed
    run(base, "-I", "-m", "venv", folder)


def install(python: Path, what: str) -> None:
    """Install what is asked for, from where the user's settings say."""
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    pip = (python, "-I", "-m", "pip")
    sources = settings(pip, bare, *SOURCES)
    sources |= {name: os.environ[name] for name in map(variable, SOURCES) if name in os.environ}
    limits = settings(pip, bare, "constraint", only="--global").get("PIP_CONSTRAINT", "").split()
    run(
        *(*pip, "install", "--quiet", "--disable-pip-version-check", "--editable", what),
        *(f"--constraint={name}" for name in ("constraints.txt", *limits)),
        env={**bare, **sources, "PIP_CONFIG_FILE": os.devnull},
    )


def settings(
    pip: tuple[object, ...], bare: dict[str, str], *names: str, only: str = "--"
) -> dict[str, str]:
    """Read some of pip's settings from its files, as variables of the shell."""
    asked = {k: v for k, v in os.environ.items() if k == "PIP_CONFIG_FILE"}
    asked |= {"PIP_QUIET": "0", "PIP_VERBOSE": "0"}
    found = {}
    for line in run(*pip, "config", only, "list", env={**bare, **asked}).splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.partition(".")
        if section in ("global", "install") and name in names:
            found[variable(name)] = ast.literal_eval(value)
    return found


def variable(name: str) -> str:
    """Name the variable of the shell that is one of pip's settings."""
    return f"PIP_{name.upper().replace('-', '_')}"


def run(*command: object, env: dict[str, str] | None = None) -> str:
    """Run a command and return what it says; stop if it fails."""
    words = list(map(str, command))
    done = subprocess.run(words, env=env, stdout=subprocess.PIPE, encoding="utf-8")
    if done.returncode:
        stop(f"set-up did not come to its end ({' '.join(words[:4])} …); make goes on from here")
    return done.stdout


def output(*command: object) -> str:
    """Return what a command says; nothing if it fails."""
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, encoding="utf-8")
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.strip()


def read(path: Path) -> str:
    """Read a file; nothing if it is not there."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def stop(why: str) -> NoReturn:
    """Say why in a line, and end."""
    print(why, file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        stop(f"set-up: {error}")
    except KeyboardInterrupt:
        sys.exit(130)

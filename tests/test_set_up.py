"""`make setup`: which Python it uses, what it repairs or leaves alone, which settings it reads."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "retrodict"
version = "0"
"""
BACKEND = '''
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    """A wheel of one module and one command, without a package index."""
    with zipfile.ZipFile(f"{folder}/retrodict-0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("retrodict.py", "def main(): print('figure 1')")
        info = "retrodict-0.dist-info"
        known = "Metadata-Version: 2.1\\nName: retrodict\\nVersion: 0\\n"
        wheel.writestr(f"{info}/METADATA", known)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n")
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\\nretrodict = retrodict:main")
        wheel.writestr(f"{info}/RECORD", "")
    return "retrodict-0-py3-none-any.whl"
'''
needs_venv = pytest.mark.skipif(
    importlib.util.find_spec("ensurepip") is None, reason="Python without venv"
)
pytestmark = [
    pytest.mark.seconds,
    pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine"),
]


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A checkout of a tiny project, in a folder with a space in its name."""
    root = tmp_path / "a checkout"
    (root / ".ci").mkdir(parents=True)
    for name in ("Makefile", ".ci/set_up.py"):
        shutil.copy(ROOT / name, root / name)
    for name, text in (
        ("pyproject.toml", PROJECT),
        ("backend.py", BACKEND),
        ("constraints.txt", ""),
    ):
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def make(checkout):
    """Run make in the checkout."""

    def run(*words: object, **variables: str) -> subprocess.CompletedProcess[str]:
        plain = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        return subprocess.run(
            ["make", *map(str, words)],
            cwd=checkout,
            env=plain | variables,
            capture_output=True,
            encoding="utf-8",
        )

    return run


@pytest.fixture
def set_up(checkout, monkeypatch):
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("set_up", checkout / ".ci" / "set_up.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.chdir(checkout)
    return module


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def environment(folder: Path, says: str) -> Path:
    """A folder that looks like an environment, whose Python says which it is."""
    script(folder / "bin" / "python", f"echo '{says}'")
    (folder / "pyvenv.cfg").touch()
    return folder


def test_an_old_python_is_refused_in_a_line_before_anything_is_made(make, checkout, tmp_path):
    before = sorted(checkout.rglob("*"))
    pretend = "import sys; sys.version_info = (3, 10, 13)"
    old = script(tmp_path / "old", f'exec "{sys.executable}" -c "{pretend}; $3"')
    done = make("setup", f"PYTHON={old}")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"{old} is Python 3.10; Python 3.11 or newer is needed" in done.stderr
    assert sorted(checkout.rglob("*")) == before


def test_a_python_that_is_not_there_is_refused_in_a_line(make):
    done = make("reproduce", "PYTHON=python-of-nobody")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "python-of-nobody cannot be run" in done.stderr
    assert "make reproduce PYTHON=" in done.stderr


def test_the_makefile_asks_for_the_python_that_the_package_asks_for():
    with (ROOT / "pyproject.toml").open("rb") as file:
        asked = tomllib.load(file)["project"]["requires-python"].removeprefix(">=")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"v < ({asked.replace('.', ', ')})" in makefile
    assert f"Python {asked} or newer" in makefile


@needs_venv
def test_an_interrupted_set_up_is_repeated(make, checkout, tmp_path):
    """The settings of other projects: of pip in the shell and in files, and of Python."""
    rest = environment(checkout / ".venv", "3 11 /usr") / "rest"
    rest.touch()
    (checkout / ".venv" / ".unfinished").touch()
    strange, targets = tmp_path / "strange", [tmp_path / f"target-{i}" for i in range(3)]
    (strange / "pip").mkdir(parents=True)
    (strange / "sitecustomize.py").write_text("raise SystemExit('stranger')", encoding="utf-8")
    (strange / "pip" / "pip.conf").write_text(
        f"[global]\nquiet = 2\n[install]\nuser = true\ntarget = {targets[0]}\n", encoding="utf-8"
    )
    done = make(
        "reproduce",
        f"PYTHON={sys.executable}",
        HOME=str(tmp_path / "nowhere"),
        XDG_CONFIG_HOME=str(strange),
        PIP_REQUIRE_VIRTUALENV="1",
        PIP_USER="1",
        PIP_TARGET=str(targets[1]),
        PIP_PREFIX=str(targets[2]),
        PIP_DRY_RUN="1",
        PIP_CONSTRAINT=str(tmp_path / "nowhere"),
        PYTHONPATH=str(strange),
        PYTHONHOME=str(strange),
        PYTHONSTARTUP=str(tmp_path / "nowhere"),
        PYTHONUSERBASE=str(tmp_path / "nowhere"),
        PYTHONWARNINGS="error",
    )
    assert done.returncode == 0, done.stderr
    assert "is made anew: its set-up was interrupted" in done.stderr
    assert "figure 1" in done.stdout
    assert not any(path.exists() for path in [rest, *targets])

    ready = checkout / ".venv" / ".ready"
    made = ready.stat().st_mtime_ns
    again = make("setup")
    assert (again.returncode, again.stderr) == (0, "")
    assert ready.stat().st_mtime_ns == made


@pytest.mark.parametrize("kind", ["folder", "environment"])
def test_what_was_not_made_here_is_left_alone(make, tmp_path, kind):
    folder = tmp_path / "mine"
    environment(folder, "3 10 /usr")
    if kind == "folder":
        (folder / "pyvenv.cfg").unlink()
    before = sorted(folder.rglob("*"))
    done = make("setup", f"PYTHON={sys.executable}", f"VENV={folder}")
    assert done.returncode == 2
    assert f"{folder} is not empty and was not made here" in done.stderr
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("says", "ready", "why"),
    [
        ("3 10 /usr", "", "it is of Python 3.10"),
        ("", "", "it does not work"),
        ("3 11 /usr", "/elsewhere/.venv\n", "it was moved, from /elsewhere/.venv"),
    ],
)
def test_the_reason_for_a_new_environment_is_shown(set_up, checkout, says, ready, why):
    folder = environment(checkout / ".venv", says)
    (folder / ".ready").write_text(ready, encoding="utf-8")
    assert set_up.what_is_wrong(folder) == why


@needs_venv
def test_what_is_half_removed_is_not_taken_for_whole(set_up, checkout, monkeypatch):
    folder = environment(checkout / ".venv", "3 10 /usr")

    def interrupt(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", interrupt)
    with pytest.raises(KeyboardInterrupt):
        set_up.make(folder, "it is of Python 3.10")
    assert set_up.what_is_wrong(folder) == "its set-up was interrupted"


def test_a_python_without_venv_names_the_package_to_install(set_up, checkout, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit) as stopped:
        set_up.make(checkout / ".venv", "not there")
    assert stopped.value.code == 2
    assert f"apt install python3.{sys.version_info[1]}-venv" in capsys.readouterr().err
    assert not (checkout / ".venv").exists()


def test_where_packages_come_from_is_taken_from_pips_settings(set_up, tmp_path, monkeypatch):
    conf = tmp_path / "pip.conf"
    conf.write_text(
        "[global]\nquiet = 3\nindex-url = https://mirror/simple\nproxy = http://proxy:8080\n"
        "[install]\nfind-links =\n  /wheels\n  /more wheels\nuser = true\ntarget = /elsewhere\n",
        encoding="utf-8",
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(conf))
    ran: list[tuple[tuple[object, ...], dict[str, str]]] = []
    really = set_up.run

    def run(*command: object, env: dict[str, str]) -> str:
        ran.append((command, env))
        return "" if "install" in command else really(*command, env=env)

    monkeypatch.setattr(set_up, "run", run)
    monkeypatch.setenv("PIP_PROXY", "http://other:3128")
    monkeypatch.setenv("PIP_CONSTRAINT", "mine.txt")
    set_up.install(Path(sys.executable), ".")
    command, env = ran[-1]
    assert env["PIP_INDEX_URL"] == "https://mirror/simple"
    assert env["PIP_FIND_LINKS"].split() == ["/wheels", "/more", "wheels"]
    assert env["PIP_PROXY"] == "http://other:3128"
    assert env["PIP_CONFIG_FILE"] == os.devnull
    assert not {"PIP_USER", "PIP_TARGET", "PIP_CONSTRAINT", "PIP_QUIET"} & set(env)
    assert not any("mine.txt" in str(word) for word in command)

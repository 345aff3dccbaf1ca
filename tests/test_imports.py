"""What is loaded when: nothing heavy before it is used."""

from __future__ import annotations

import ast
import importlib.resources
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import retrodict

HEAVY = ("torch", "xarray", "pandas", "scipy", "matplotlib", "h5netcdf", "numpy", "pydantic")


def loaded_after(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import retrodict", set()),
        ("from retrodict.cli._exit import run_cli; run_cli(['--help'])", {"pydantic"}),
        ("from retrodict.cli._exit import run_cli; run_cli(['run', '--help'])", {"pydantic"}),
        ("from retrodict.cli._exit import run_cli; run_cli(['doctor'])", {"pydantic"}),
        ("import retrodict; retrodict.Experiment", {"numpy", "pydantic"}),
        (
            "import retrodict; retrodict.tasks.Reversal(vocab_size=20).corpus(0)",
            {"numpy", "pydantic"},
        ),
        (
            "from retrodict.cli._exit import run_cli; run_cli(['run', EXAMPLE, '--dry-run'])",
            {"numpy", "pydantic"},
        ),
        (
            "from retrodict.cli._exit import run_cli; run_cli(['list'])",
            {"numpy", "pydantic", "scipy", "xarray", "pandas"},
        ),
    ],
)
def test_heavy_modules_wait_for_their_use(code, allowed, tiny_yaml):
    loaded = loaded_after(code.replace("EXAMPLE", repr(str(tiny_yaml))))
    assert not (set(HEAVY) - allowed) & loaded


def modules() -> dict[str, Path]:
    """Every module of the package by its name."""
    root = Path(retrodict.__file__).parent
    names = {}
    for path in root.rglob("*.py"):
        parts = ("retrodict", *path.relative_to(root).with_suffix("").parts)
        names[".".join(parts).removesuffix(".__init__")] = path
    return names


def imported_by(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """The modules that one imports, for types alone and within functions, too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            room = getattr(node, "module", "")
            for alias in node.names:
                name = f"{room}.{alias.name}" if room else alias.name
                yield from {name if name in known else room} & known.keys()


def test_no_module_imports_in_a_circle():
    known = modules()
    graph = {name: set(imported_by(path, known)) - {name} for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_the_public_names_are_there():
    for name in retrodict.__all__:
        assert getattr(retrodict, name) is not None
    assert set(retrodict.__all__) <= set(dir(retrodict))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = retrodict.nothing


def test_the_package_says_that_it_is_typed():
    assert (importlib.resources.files("retrodict") / "py.typed").is_file()


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "10000"),
        ({"GOMP_SPINCOUNT": "5"}, "5"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, "None"),
    ],
)
def test_waiting_threads_spin_only_briefly_by_default(given, found):
    program = "import os, retrodict; print(os.environ.get('GOMP_SPINCOUNT'))"
    plain = {k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=plain | given
    )
    assert done.stdout.strip() == found

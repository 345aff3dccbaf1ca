"""Every example in a docstring runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import retrodict

pytestmark = pytest.mark.seconds

MODULES = [
    module.name
    for module in pkgutil.walk_packages(retrodict.__path__, "retrodict.")
    if module.name != "retrodict.__main__"
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    count = sum(
        len(test.examples)
        for name in MODULES
        for test in finder.find(importlib.import_module(name))
    )
    assert count >= 10


@pytest.mark.slow
def test_the_derivations_examples():
    """docs/theory.md prints numbers; each is what the line above it gives."""
    results = doctest.testfile("../docs/theory.md", module_relative=True, encoding="utf-8")
    assert results.attempted > 10
    assert results.failed == 0

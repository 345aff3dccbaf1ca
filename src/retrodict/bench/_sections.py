"""The sections of the benchmark, by name."""

from importlib import import_module

from retrodict.bench._section import Section

_FILES = ("step", "scaling", "pieces", "theory", "figure1")
"""Each `_NAME.py` has a `SECTION`; a new one is one file and a name here."""

SECTIONS: dict[str, Section] = {
    name: import_module(f"retrodict.bench._{name}").SECTION for name in _FILES
}

"""The sections of the benchmark. A new one is one file with a `SECTION`, and one line below."""

from collections.abc import Mapping

from retrodict.bench._section import Section
from retrodict.members import members

# isort: off
from retrodict.bench.sections._step import SECTION as step
from retrodict.bench.sections._scaling import SECTION as scaling
from retrodict.bench.sections._pieces import SECTION as pieces
from retrodict.bench.sections._theory import SECTION as theory
from retrodict.bench.sections._figure1 import SECTION as figure1
# isort: on

SECTIONS: Mapping[str, Section] = {one.name: one for one in members(Section, __name__)}
"""Every section by name, in the order in which they are measured."""

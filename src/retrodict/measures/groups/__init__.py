"""Measures of probe groups; `run`, `show`, `compare` and `report` show their final values.

A new measure is one file, and one line below.
"""

from retrodict.measures._measure import Measure
from retrodict.members import members

# isort: off
from retrodict.measures.groups._curves import MEASURES as curves
from retrodict.measures.groups._preference import PREFERENCE
# isort: on

MEASURES = members(Measure, __name__)

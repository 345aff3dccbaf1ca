"""Data additions, the `data` section of an experiment: they change a task's sentences.

A new one is one file, and one line below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import create_model

from retrodict.data._addition import Addition, Additions
from retrodict.members import kinds

# isort: off
from retrodict.data._one_way import OneWay as OneWay
from retrodict.data._middle_step import MiddleStep as MiddleStep
from retrodict.data._reverse import Reverse as Reverse
from retrodict.data._bridge import Bridge as Bridge
from retrodict.data._identity import Identity as Identity
from retrodict.data._held_out import HeldOut as HeldOut
# isort: on

if TYPE_CHECKING:
    Data = Additions
else:
    Data = create_model(
        "Data",
        __base__=Additions,
        __module__=__name__,
        __doc__=Additions.__doc__,
        **{one.name: (one | None, None) for one in kinds(Addition, __name__)},
    )

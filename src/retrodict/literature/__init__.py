"""Published claims about what breaks the reversal curse, one file per source.

`retrodict verify --published` checks them. A claim either computes its evidence, or names the
experiments to run (`experiments`, at a scale) and judges the runs (`judge`).
"""

from retrodict.claims import Check

# isort: off
from retrodict.literature._kitouni_2024 import CHECKS as kitouni_2024
from retrodict.literature._huang_2025 import CHECKS as huang_2025
from retrodict.literature._ma_2026 import CHECKS as ma_2026
from retrodict.literature._zhu_2024 import CHECKS as zhu_2024
from retrodict.literature._lin_2025 import CHECKS as lin_2025
from retrodict.literature._lv_2023 import CHECKS as lv_2023
from retrodict.literature._nie_2025 import CHECKS as nie_2025
from retrodict.literature._jeon_2026 import CHECKS as jeon_2026
from retrodict.literature._ours_symmetric import CHECKS as ours_symmetric
from retrodict.literature._ours_tied_head import CHECKS as ours_tied_head
# isort: on

from retrodict.members import members

_FIRST = ("plain-retrieval", "chain-without-middle", "in-context-reversal")
"""Claims about the curse itself, listed first; the others are about what breaks it."""


def _place(claim: Check) -> tuple[bool, bool, bool]:
    """Return a sort key: claims on training runs first, then other published ones, then ours."""
    return claim.ours, claim.judge is None and not claim.ours, claim.name not in _FIRST


PUBLISHED = tuple(sorted(members(Check, __name__), key=_place))
"""All claims in the order of the table; ties are in the order of the files."""

"""Published claims about what breaks the reversal curse, one file a source.

`retrodict verify --published` checks them. A claim either checks itself, or says which experiments
are run (`experiments`, fast or not) and judges their traces (`judge`).
"""

from importlib import import_module

from retrodict.claims import Check

_FILES = (
    "_kitouni_2024",
    "_huang_2025",
    "_ma_2026",
    "_zhu_2024",
    "_lin_2025",
    "_lv_2023",
    "_nie_2025",
    "_jeon_2026",
    "_ours_symmetric",
    "_ours_tied_head",
)
"""Each has a tuple `CHECKS`; a new one is a name here."""

_FIRST = ("plain-retrieval", "chain-without-middle", "in-context-reversal")
"""What shows the curse itself; the others say what breaks it or leaves it."""


def _place(claim: Check) -> tuple[bool, bool, bool]:
    """Where a claim stands in the table: on training runs, by itself, ours."""
    return claim.ours, claim.judge is None and not claim.ours, claim.name not in _FIRST


PUBLISHED: tuple[Check, ...] = tuple(
    sorted(
        (check for file in _FILES for check in import_module(f"{__name__}.{file}").CHECKS),
        key=_place,
    )
)
"""In the order of the table; of claims in the same place, in the order of their files."""

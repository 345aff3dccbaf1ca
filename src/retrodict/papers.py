"""Sources that recipes and published claims share: who says it, when, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Source:
    """The source of a claim or a recipe, usually a paper.

    A source that only one file cites is defined in that file.

    Attributes:
        authors: surnames; the first "and others" where we do not list them.
        year: of its first version.
        arxiv: its arXiv number; "" for our own work.
    """

    authors: str
    year: int
    arxiv: str = ""

    def __str__(self) -> str:
        """Return the short citation.

        >>> str(MA_2026)
        'Ma et al. 2026, arXiv 2602.02470'
        """
        names = self.authors.split(", ")
        few = self.authors.replace(" and others", " et al.")
        return replace(self, authors=few if len(names) <= 2 else f"{names[0]} et al.").in_full

    @property
    def in_full(self) -> str:
        """The citation with all authors."""
        return f"{self.authors} {self.year}" + (f", arXiv {self.arxiv}" if self.arxiv else "")


OURS = Source("retrodict", 2026)

LV_2023 = Source("Lv, Zhang, Xie, Tu, Chen, Wen, Yan", 2023, "2311.07468")
KITOUNI_2024 = Source("Kitouni, Nolte, Bouchacourt, Williams, Rabbat, Ibrahim", 2024, "2406.05183")
ZHU_2024 = Source("Zhu, Huang, Zhang, Jordan, Jiao, Tian, Russell", 2024, "2405.04669")
HUANG_2025 = Source("Huang, Zhu, Guo, Jiao, Sojoudi, Jordan, Russell, Mei", 2025, "2506.10887")
LIN_2025 = Source("Lin, Chen, Xu", 2025, "2509.24653")
NIE_2025 = Source("Nie and others", 2025, "2502.09992")
MA_2026 = Source("Ma, Huang, Zhu, Sojoudi", 2026, "2602.02470")

"""Drawings for the page, reduced in colours so that thirty of them fit into one file."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from retrodict.files import require_plain_file

_DENSITY = 1.4  # pixels of a drawing to one of the page
_MOST_BYTES = 30_000_000
_MOST_PIXELS = 50_000_000
"""No drawing of ours is larger."""


@dataclass(frozen=True)
class Picture:
    """A drawing as the bytes of a PNG file, with its size in pixels."""

    data: bytes
    width: int
    height: int

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height in the page's pixels, so that its text is as large as the page's."""
        return round(self.width / _DENSITY), round(self.height / _DENSITY)

    @property
    def uri(self) -> str:
        """The drawing as a data URI."""
        return "data:image/png;base64," + base64.b64encode(self.data).decode()


def picture(path: Path, widest: int) -> Picture | None:
    """Read a drawing, at most `widest` pixels wide and in 256 colours; None if it is unreadable."""
    from PIL import Image

    try:
        require_plain_file(path)
        if path.stat().st_size > _MOST_BYTES:
            return None
        with Image.open(path, formats=["PNG"]) as found:
            if found.width * found.height > _MOST_PIXELS:
                return None
            image = found.convert("RGB")
    except Exception:  # missing, damaged, or too large to be unpacked
        return None
    if image.width > widest:
        height = round(image.height * widest / image.width)
        image = image.resize((widest, max(height, 1)), Image.Resampling.LANCZOS)
    few = image.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    few.save(buffer, format="PNG", optimize=True)
    return Picture(buffer.getvalue(), image.width, image.height)

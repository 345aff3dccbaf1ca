"""Formulas as pictures, drawn by matplotlib."""

from __future__ import annotations

import base64
import io
import re

from markupsafe import Markup

from retrodict.plots._drawing import drawing

_LONGEST = 500
_MATHTEXT = {
    r"\Bigl": r"\left",
    r"\Bigr": r"\right",
    r"\le": r"\leq",
    r"\ge": r"\geq",
    r"\to": r"\rightarrow",
}
"""TeX that matplotlib spells differently."""


@drawing()
def formula(tex: str) -> Markup:
    """Draw a formula as an inline image; its TeX is the alternative text.

    Our formulas are short and ASCII. Any other formula from a file is shown as written.
    """
    from matplotlib.figure import Figure

    as_written = Markup("<code>{}</code>").format(tex)
    if not (tex.isascii() and tex.isprintable() and len(tex) <= _LONGEST):
        return as_written
    figure = Figure(figsize=(0.1, 0.1))
    text = tex
    for ours, mathtext in _MATHTEXT.items():
        text = re.sub(re.escape(ours) + r"(?![A-Za-z])", re.escape(mathtext), text)
    figure.text(0, 0, f"${text}$", fontsize=12)
    buffer = io.BytesIO()
    try:
        figure.savefig(
            buffer, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None}
        )
    except (ValueError, RuntimeError):  # not TeX that matplotlib reads, or too deep
        return as_written
    data = base64.b64encode(buffer.getvalue()).decode()
    image = '<img class="formula" alt="{}" src="data:image/svg+xml;base64,{}">'
    return Markup(image).format(tex, data)

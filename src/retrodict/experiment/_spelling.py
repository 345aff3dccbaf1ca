"""Common misspellings of numbers, booleans and signs, and what to write in YAML."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

_TRUTH = {
    **dict.fromkeys(("yes", "y", "on", "t", "true", "1"), "true"),
    **dict.fromkeys(("no", "n", "off", "f", "false", "0"), "false"),
}
_NOTHING = ("none", "nil", "null", "n/a")
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}([, '_])\d{3}(\1\d{3})*")
_COMMA = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")
_EXPONENT = re.compile(r" *([eE]) *([-+]?) *(?=\d)")
_PERCENT = re.compile(r"([-+]?\d+(?:\.\d+)?) ?%")
_PAIR = re.compile(r"([\w.]+) *[:=] *(\S.*)")

_MEANT = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " "),
        **dict.fromkeys("\u200b\u200e\u200f\u2060\ufeff", ""),
        **dict.fromkeys("“”„‟", '"'),
        **dict.fromkeys("‘’‚‛", "'"),
        **dict.fromkeys("−–—", "-"),
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width letters
    }
)


def respelt(value: Any, wanted: str, nullable: bool = True) -> str:
    """Suggest the spelling of the value that was meant, as `; write true`; "" if it is not clear.

    Args:
        value: what was read.
        wanted: `bool`, `int`, `float` or `tuple`.
        nullable: whether it may be null.

    >>> respelt("yes", "bool"), respelt("0,001", "float"), respelt("1 000", "int")
    ('; write true', '; write 0.001', '; write 1000')
    """
    if wanted not in ("bool", "int", "float", "tuple"):
        return ""
    text = str(value).strip().rstrip(";,").strip()
    if value is None or (isinstance(value, str) and text.lower() in _NOTHING):
        if nullable:
            return "; write null, or leave it out"
        empty = "write [] if it is meant to be empty, or " if wanted == "tuple" else ""
        return f"; {empty}leave it out for the default"
    meant = _truth(text) if wanted == "bool" else _number(value, text, wanted)
    return f"; write {meant}" if meant else ""


def _truth(text: str) -> str:
    return _TRUTH.get(text.lower(), "")


def _number(value: Any, text: str, wanted: str) -> str:
    if value is False or text.lower() in ("no", "off", "false"):
        return "0"
    if isinstance(value, float) and wanted == "int" and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if not isinstance(value, str):
        return ""
    decimal = text.replace(",", ".") if _COMMA.fullmatch(text) else ""
    whole = re.sub(r"[, '_]", "", text) if _GROUPED.fullmatch(text) else ""
    if decimal or whole:
        fitting = [whole] if wanted == "int" else [decimal, whole]
        return " or ".join(filter(None, fitting))
    if wanted == "float" and (percent := _PERCENT.fullmatch(text)):
        return f"{float(percent[1]) / 100:g}"
    pattern = r"[-+]?\d+" if wanted == "int" else r"[-+]?(\d+\.?\d*|\.\d+)"
    closed = _EXPONENT.sub(r"\1\2", text)
    exponent = r"([eE]\+?\d+)?" if wanted == "int" else r"([eE][-+]?\d+)?"
    if re.fullmatch(pattern + exponent, closed, re.A):
        return f"{closed}, without quotes or other signs" if closed == text else closed
    return ""


def parted(text: str) -> str:
    """Suggest the spelling of `epochs:3` and `epochs = 3`; "" for other text.

    >>> parted("epochs:3")
    "; write 'epochs: 3'"
    """
    pair = _PAIR.fullmatch(text.strip())
    return f"; write '{pair[1]}: {pair[2]:.60}'" if pair else ""


def misspelt(tree: Node | None) -> tuple[int, str] | None:
    """Find text that YAML reads differently than it was meant: its line, and what to write.

    A decimal comma within braces separates two values. To YAML, characters that only look like a
    space, a quote or a digit are letters.
    """
    for node in _nodes(tree):
        line = node.start_mark.line + 1
        if isinstance(node, ScalarNode) and not node.style:
            for letter in node.value:
                if ord(letter) in _MEANT:
                    name = unicodedata.name(letter, "sign").lower()
                    meant = node.value.translate(_MEANT)
                    said = f"{node.value!r:.60} has a {name} (U+{ord(letter):04X})"
                    return line, f"{said}; write {meant:.60}"
        elif isinstance(node, MappingNode) and node.flow_style:
            for before, after in pairwise(node.value):
                if said := _decimal_comma(before, after):
                    return before[0].start_mark.line + 1, said
    return None


def _nodes(tree: Node | None) -> Iterator[Node]:
    if tree is not None:
        yield tree
    for child in tree.value if isinstance(tree, CollectionNode) else []:
        for node in child if isinstance(child, tuple) else (child,):
            yield from _nodes(node)


def _decimal_comma(before: tuple[Node, Node], after: tuple[Node, Node]) -> str:
    """Explain `lr: 0,001`, which is an `lr` of 0 and a key `001` without a value."""
    (key, value), (digits, nothing) = before, after
    if not is_empty(nothing) or not isinstance(value, ScalarNode):
        return ""
    text = f"{value.value},{digits.value}"
    if value.end_mark.index + 1 != digits.start_mark.index or not _COMMA.fullmatch(text):
        return ""
    return f"{key.value}: {text:.60}: a comma separates two values{respelt(text, 'float')}"


def is_empty(node: Node) -> bool:
    """Whether a node has no text, not even `null`."""
    return isinstance(node, ScalarNode) and not node.style and node.value == ""

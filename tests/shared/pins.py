"""Fixtures that compare what is found with what is written down in tests/contract."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

_CONTRACT = Path(__file__).parents[1] / "contract"


@pytest.fixture
def pinned() -> Callable[[str, str, object], None]:
    """Require what is found to be what tests/contract/FILE.json says under a key.

    With RETRODICT_PIN set, what is found is written down instead: see tests/contract/README.md.
    """
    pin = os.environ.get("RETRODICT_PIN")
    if pin and os.environ.get("CI"):
        pytest.fail("RETRODICT_PIN is set in CI: nothing would be compared", pytrace=False)

    def require(file: str, key: str, found: object) -> None:
        path = _CONTRACT / f"{file}.json"
        known = _pins(path)
        if pin:
            path.write_text(_dumped({**known, key: found}) + "\n", encoding="utf-8")
        elif key not in known:
            pytest.fail(f"{path.name}, {key}: not pinned yet; see its README.md", pytrace=False)
        else:
            was, now = (_dumped(value).splitlines() for value in (known[key], found))
            if changed := list(difflib.unified_diff(was, now, "as it was", "now", lineterm="")):
                pytest.fail("\n".join([f"{path.name}, {key}:", *changed]), pytrace=False)

    return require


@pytest.fixture
def pinned_documents(pinned) -> Callable[[str, Iterable[tuple[str, object]]], None]:
    """Require documents, each with its name, to be all that tests/contract/documents/FILE says."""

    def require(file: str, found: Iterable[tuple[str, object]]) -> None:
        names = set()
        for name, document in found:
            names.add(name)
            pinned(f"documents/{file}", name, _schema(document))
        if missing := _pins(_CONTRACT / f"documents/{file}.json").keys() - names:
            pytest.fail(f"{file}: no longer written: {', '.join(sorted(missing))}", pytrace=False)

    return require


def _pins(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _dumped(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


@pytest.fixture
def declared(pinned) -> Callable[[str, Mapping[str, Any]], None]:
    """Require what --json says of claims to be as it was: bounds and grades; and the words.

    What is measured is left out of the words: numbers with a point, and which cell is the worst.
    """
    wording = ("title", "paper", "words", "formula", "authors", "year", "arxiv", "source")
    wording += ("setting", "testable", "assumptions", "differs", "known")
    measured = r"-?\d+\.\d+|\d+ of \d+(?= draws)|(?<=worst: )[^)]*|(?<=highest: )[^)]*"

    def require(key: str, found: Mapping[str, Any]) -> None:
        claims = next(found[name] for name in ("claims", "parts", "compared") if name in found)
        said = (claim["statement"] if "statement" in claim else claim["what"] for claim in claims)
        words = {name: found[name] for name in wording if name in found}
        parts = [(one.get("name"), one["predicted"], one.get("grade")) for one in claims]
        pinned("claims", key, [" ".join(filter(None, part)) for part in parts])
        pinned("words", key, {**words, "claims": [re.sub(measured, "#", text) for text in said]})

    return require


_VARIES = {
    "code_changed": ([], ["string"]),
    "commit": ("null", "string"),
    "cpu_features": ([], ["string"]),
    "differences": ([], ["string"]),
}
"""What the machine or the version of the code decides, and what it may be."""


def _schema(value: Any, key: str = "") -> Any:
    """Replace values by their types, a list by one schema that fits all its elements."""
    match value:
        case dict():
            found: Any = {name: _schema(part, name) for name, part in value.items()}
        case list():
            found = [_union([_schema(part) for part in value])] if value else []
        case _:
            names = {bool: "boolean", int: "integer", float: "number", str: "string"}
            found = names.get(type(value), "null")
    may_be = _VARIES.get(key, ())
    if key == "runs" and isinstance(found, dict) and found:
        return {"*": _union(list(found.values()))}  # by the names of runs
    return " or ".join(str(one) for one in may_be) if found in may_be else found


def _union(schemas: list[Any]) -> Any:
    """Return one schema that fits all; a key that some objects lack ends with `?`."""
    if all(isinstance(one, dict) for one in schemas):
        having: dict[str, list[Any]] = {}
        for one in schemas:
            for name, part in one.items():
                having.setdefault(name, []).append(part)
        return {
            name if len(parts) == len(schemas) else f"{name}?": _union(parts)
            for name, parts in having.items()
        }
    if all(isinstance(one, list) for one in schemas):
        parts = [part for one in schemas for part in one]
        return [_union(parts)] if parts else []
    texts = [one if isinstance(one, str) else json.dumps(one) for one in schemas]
    return " | ".join(sorted({part for text in texts for part in text.split(" | ")}))

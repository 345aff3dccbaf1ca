"""Read untrusted YAML as plain data of limited size and depth.

Sizes are counted on the stream of events, before anything is built. An alias counts as everything
that it stands for, so that ten lines cannot ask for a gigabyte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.nodes import Node
from ruamel.yaml.scanner import Scanner, ScannerError

from retrodict.errors import BadInput

MOST_BYTES = 256 * 1024
"""Size limit of a file."""
MOST_NODES = 25_000
"""Limit of values and keys, aliases written out; a grid of 10,000 cells needs fewer."""
DEEPEST = 32
"""Limit of levels, aliases written out."""
LONGEST = 1000
"""Limit of characters in one value or key."""

_EXACT = 2**53  # from here on a float may be another number than what was written

Look = Callable[[Node | None], tuple[int, str] | None]
"""Finds a certain mistake in a document; returns its line, and what to write instead."""


def parse(text: str, where: str, look: Look = lambda tree: None) -> tuple[Any, Node | None]:
    """Read a document; return its plain data and its nodes with line numbers, or (None, None).

    Raises:
        BadInput: it is not YAML, too large, or `look` finds something; the message names the line.
    """
    if len(text) > MOST_BYTES:
        raise BadInput(f"{where}: longer than {MOST_BYTES // 1024} KiB")
    tree = None
    try:
        _require_modest(_parser().parse(text), where)
        yaml = _parser()
        tree = yaml.compose(text)
        if found := look(tree):
            raise BadInput(f"{where}:{found[0]}: {found[1]}")
        return (None if tree is None else yaml.constructor.construct_document(tree)), tree
    except BadInput:
        raise
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = str(getattr(error, "problem", None) or str(error).splitlines()[0])
        problem = problem.partition(" with value ")[0]  # of a duplicate key
        hint = next((hint for words, hint in _HINTS.items() if words in problem), "")
        raise BadInput(f"{where}{line}: not valid YAML: {problem}{hint}") from None
    except Exception as error:  # the parser lets Python's own errors through
        raise BadInput(f"{where}: not valid YAML: {error}") from None


_HINTS = {
    "mapping values are not allowed": "; is a space missing after a colon, or a line indented too "
    "far, here or in the line above?",
    "expected <block end>": "; does this line begin in the same column as its neighbours?",
}


class _Scanner(Scanner):
    """Accepts tabs between tokens, as YAML does, but not in indentation."""

    def scan_to_next_token(self) -> None:
        super().scan_to_next_token()
        while (reader := self.reader).peek() == "\t":
            before = reader.buffer[reader.pointer - reader.column : reader.pointer]
            ahead = 1
            while reader.peek(ahead) in (" ", "\t"):
                ahead += 1
            if not before.strip() and reader.peek(ahead) not in "#\r\n\0":
                problem = "a tab indents this line; YAML is indented with spaces"
                raise ScannerError(None, None, problem, reader.get_mark())
            reader.forward(ahead)
            super().scan_to_next_token()


class _Constructor(SafeConstructor):
    """Reads 1e3 as a whole number, valid wherever a number is; says where a value is wrong."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except YAMLError:
            raise
        except Exception as error:  # e.g. a month 13
            problem = f"{node.value!r:.60}: {error}"
            raise ConstructorError(None, None, problem, node.start_mark) from None

    def construct_yaml_float(self, node: Any) -> float | int:
        number = super().construct_yaml_float(node)
        written = "e" in node.value.lower() and number.is_integer() and abs(number) < _EXACT
        return int(number) if written else number


_Constructor.add_constructor("tag:yaml.org,2002:float", _Constructor.construct_yaml_float)


def _parser() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner, yaml.Constructor = _Scanner, _Constructor
    return yaml


def _require_modest(events: Iterator[Event], where: str) -> None:
    """Refuse a document that is too large, refers to itself, or has a %YAML directive."""
    nodes, anchors = 0, dict[str, tuple[int, int] | None]()  # anchor → its nodes and levels
    open_: list[tuple[str | None, int]] = []  # of each collection on the way: anchor, nodes before
    deepest = [0]  # level reached within each of them

    for event in events:
        here = f"{where}:{event.start_mark.line + 1}"
        if isinstance(event, DocumentStartEvent) and event.version not in (None, (1, 2)):
            raise BadInput(f"{here}: this is read as YAML 1.2; leave %YAML out")
        if isinstance(event, CollectionEndEvent):
            anchor, before = open_.pop()
            reached = deepest.pop()
            deepest[-1] = max(deepest[-1], reached)
            if anchor:
                anchors[anchor] = nodes - before, reached - len(open_)
        if not isinstance(event, NodeEvent):
            continue
        size, levels = _size_of(event, anchors, here)
        nodes += size
        deepest[-1] = max(deepest[-1], len(open_) + levels)
        if isinstance(event, CollectionStartEvent):
            open_.append((event.anchor, nodes - 1))
            deepest.append(len(open_))
        if nodes > MOST_NODES:
            raise BadInput(f"{here}: more than {MOST_NODES} values, aliases written out")
        if deepest[-1] > DEEPEST:
            raise BadInput(f"{here}: nested too deeply: more than {DEEPEST} levels")


def _size_of(
    event: NodeEvent, anchors: dict[str, tuple[int, int] | None], here: str
) -> tuple[int, int]:
    """Return how many nodes and levels an event adds, and record its anchor."""
    if isinstance(event, AliasEvent):
        known = anchors.get(event.anchor, (1, 1))  # an unknown one is the parser's to refuse
        if known is None:
            raise BadInput(f"{here}: *{event.anchor:.40} is within &{event.anchor:.40} itself")
        return known
    if (tag := getattr(event, "tag", None)) is not None:
        problem = f"the tag {tag!s:.60} is not supported; leave it out"
        raise BadInput(f"{here}: not valid YAML here: {problem}")
    if isinstance(event, ScalarEvent) and len(event.value) > LONGEST:
        raise BadInput(f"{here}: a value of more than {LONGEST} characters")
    if event.anchor:
        if event.anchor in anchors:
            raise BadInput(f"{here}: the anchor &{event.anchor:.40} is defined twice")
        anchors[event.anchor] = (1, 1) if isinstance(event, ScalarEvent) else None
    return 1, 1

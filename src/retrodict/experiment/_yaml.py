"""The text of an experiment's YAML file."""

from __future__ import annotations

from pathlib import Path

from retrodict.errors import BadInput
from retrodict.files.yaml import MOST_BYTES


def read_text(path: str | Path) -> str:
    """Read a file of UTF-8 text, of at most `MOST_BYTES`.

    Raises:
        BadInput: it cannot be read; the message names it.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) <= MOST_BYTES:  # else the last letter may be cut
            return content.decode("utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise BadInput(f"{path}: cannot be read: {reason}") from None
    raise BadInput(f"{path}: larger than {MOST_BYTES // 1024} KiB, so it is not an experiment")

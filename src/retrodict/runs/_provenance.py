"""When a run was trained and by which code, and whether the training code has changed since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from retrodict.errors import CannotFinish
from retrodict.runs._run import Run
from retrodict.source import training_code

_MOST_NAMES = 4


@dataclass(frozen=True)
class Provenance:
    """Where a finished run comes from; None means unknown.

    Attributes:
        trained_at: when it was finished, from its log.
        version: of the retrodict that finished it.
        commit, code: of that version, see `retrodict.source`.
        code_changed: whether any of the code that trained it differs from this process's.
    """

    trained_at: str | None
    version: str | None
    commit: str | None
    code: str | None
    code_changed: bool | None

    @property
    def is_mixed(self) -> bool:
        """Whether other code began it and the code of this process finished it."""
        return bool(self.code_changed) and self.code == training_code()

    @classmethod
    def of(cls, run: Run) -> Provenance:
        """Read it from a run; damaged or lost facts are unknown."""
        ends = [event["time"] for event in run.events() if event["event"] == "finished"]
        try:
            made_by = run.made_by
        except CannotFinish:
            made_by = [{}]
        last, here = made_by[-1], training_code()
        known = {one.get("code") for one in made_by} - {None, "unknown"}
        return cls(
            trained_at=ends[-1] if ends else None,
            version=(last.get("versions") or {}).get("retrodict"),
            commit=last.get("commit"),
            code=last.get("code"),
            code_changed=bool(known - {here}) if known and here != "unknown" else None,
        )

    def __str__(self) -> str:
        when = f" {self.trained_at[:16].replace('T', ' ')}" if self.trained_at else ""
        commit = f"commit {self.commit[:7]}" if self.commit else ""
        code = f"code {self.code}" if self.code else "code not known"
        told = ", ".join(filter(None, (commit, code)))
        return f"trained{when} by retrodict {self.version or 'of unknown version'} ({told})"


def changed_since(runs: Iterable[tuple[str, Provenance]], offer: str) -> str:
    """Say in a line which of these runs other code trained, and what to do; "" if none."""
    found = {name: one for name, one in runs if one.code_changed}
    said: list[str] = []
    if changed := [name for name, one in found.items() if not one.is_mixed]:
        said.append(f"the training code has changed since {_were(changed, 'trained')}")
    if mixed := [name for name, one in found.items() if one.is_mixed]:
        said.append(_were(mixed, "partly trained by other code"))
    return "; ".join([*said, offer]) if said else ""


def _were(names: list[str], what: str) -> str:
    if not names[1:]:
        return f"{names[0]} was {what}"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{len(names)} runs were {what}: {', '.join(names[:_MOST_NAMES])}{more}"

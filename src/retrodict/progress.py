"""Callbacks that work calls as it proceeds, for a progress bar."""

from collections.abc import Callable

Tick = Callable[[float], None]
"""Called with the share that is done, from 0 to 1."""

NamedTick = Callable[[str, float], None]
"""Called with the name of what is being done, and the share that is done."""

"""Launch: where experiments run. Here: this machine, one population at a time."""

from retrodict.launch._local import Reporter, execute, train

__all__ = ["Reporter", "execute", "train"]

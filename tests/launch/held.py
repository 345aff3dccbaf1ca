"""`retrodict`, but its training waits after every second epoch for as long as a file is there.

python held.py FILE run …; FILE.reached is there once it waits.
"""

import sys
import time
from pathlib import Path

from retrodict.cli import main
from retrodict.training import _loop, _policy

_HOLD = Path(sys.argv.pop(1))
_plain = _loop.Trainer.run_epoch


def _held(self: _loop.Trainer, epoch: int) -> None:
    _plain(self, epoch)
    while epoch % 2 == 0 and _HOLD.exists():
        _HOLD.with_suffix(".reached").touch()
        time.sleep(0.02)


_loop.Trainer.run_epoch = _held  # type: ignore[method-assign]
_policy.SHARE_FROM = 0  # several processes at work, small as it is
main()

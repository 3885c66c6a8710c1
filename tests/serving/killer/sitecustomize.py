"""On PYTHONPATH it kills the process, as a power cut would, at the n-th call that KILL names: `fsync:2`, `replace:1`, `write:1` (half of it)."""

import os
import signal
from collections.abc import Callable
from typing import Any

NAME, _, NUMBER = os.environ["KILL"].partition(":")
WORTH = 1000
told = [0]
before: Callable[..., Any] = getattr(os, NAME)


def cut(*words: Any, **more: Any) -> Any:
    counted = NAME != "write" or len(words[1]) > WORTH
    told[0] += counted
    if counted and told[0] == int(NUMBER):
        if NAME == "write":
            before(words[0], bytes(words[1])[: len(words[1]) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    return before(*words, **more)


setattr(os, NAME, cut)

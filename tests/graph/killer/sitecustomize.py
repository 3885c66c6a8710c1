"""On PYTHONPATH it kills the process of the stage KILLED, as a power cut would, when it is about to put a written file in its place."""

import os
import signal
import sys
from typing import Any


def cut(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if sys.orig_argv[1:] == ["-m", f"stages.{os.environ['KILLED']}"]:
    os.replace = os.rename = cut

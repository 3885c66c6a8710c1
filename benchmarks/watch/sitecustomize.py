"""On PYTHONPATH of `python -m stages.train` it writes the seconds spent in `lightgbm.train` to the file WATCHED."""

import os
import sys
import time
from pathlib import Path
from typing import Any


def watch() -> None:
    import lightgbm

    plain = lightgbm.train

    def timed(*arguments: Any, **options: Any) -> Any:
        started = time.perf_counter()
        trained = plain(*arguments, **options)
        Path(os.environ["WATCHED"]).write_text(str(time.perf_counter() - started))
        return trained

    lightgbm.train = timed


if sys.orig_argv[1:] == ["-m", "stages.train"]:
    watch()

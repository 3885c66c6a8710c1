"""A sample that is the same on every machine: the rows whose keys hash lowest."""

from collections.abc import Sequence

import polars as pl

from interlock.frames import stable_hash
from interlock.modeling.split import key_text


def sample(frame: pl.DataFrame, key: Sequence[str], rows: int, salt: str) -> pl.DataFrame:
    """At most `rows` rows of `frame`, chosen by the hash of their `key` and `salt`, in the order of `frame`."""
    chosen = stable_hash(key_text(frame, key), salt).arg_sort()[:rows].sort()
    return frame[chosen]

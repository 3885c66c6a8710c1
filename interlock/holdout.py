"""The holdout as parity replays it: a hashed sample of stretches, each of requests that follow one another, or all of it."""

from pathlib import Path

import polars as pl

from interlock import frames
from interlock.errors import ContractError
from interlock.features.featureset import FeatureSet
from interlock.modeling.split import MATURED, Split, assign

STRETCHES, LENGTH = 4, 250


def test_rows(features: FeatureSet, folder: Path, split: Split) -> pl.DataFrame:
    """The requests of the test period, in the order of time; raises ContractError where there is none."""
    requests, outcomes = frames.read(folder / "requests.parquet"), frames.read(folder / "outcomes.parquet")
    request = features.request
    rows = requests.with_columns(outcomes.select(name for name in outcomes.columns if name == MATURED))
    period = assign(rows, split, request.key, request.as_of)["period"]
    chosen = requests.filter(period == "test")
    if not chosen.height:
        raise ContractError("the test period has no request", "move the split in conf/usecase/")
    return chosen


def stretches(features: FeatureSet, requests: pl.DataFrame, count: int = STRETCHES, length: int = LENGTH) -> list[pl.DataFrame]:
    """`count` runs of `length` requests that follow one another, no request in two; where they begin is chosen by hash.

    All of them in one run, where that is no more.
    """
    if requests.height <= count * length:
        return [requests]
    text = requests.select(pl.concat_str([pl.col(name).cast(pl.String) for name in features.request.key], separator=" "))
    places = pl.DataFrame({"hash": frames.stable_hash(text.to_series(), "parity")}).with_row_index("at")
    starts: list[int] = []
    for at in places.head(requests.height - length + 1).sort("hash", "at")["at"]:
        if len(starts) < count and all(abs(at - other) >= length for other in starts):
            starts.append(at)
    return [requests.slice(at, length) for at in sorted(starts)]

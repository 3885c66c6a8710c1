"""The linear baseline of every kind of task, fitted to real flights: for a test, and for processes to compare with it."""

from functools import cache
from typing import Any

import msgspec
import numpy as np
import polars as pl

from interlock.modeling import linear
from interlock.modeling.task import Binary, Multiclass, Regression, Task
from tests.modeled_flights import FEATURES, flights

TASK = Binary("late")


def split() -> list[Any]:
    rows = flights().drop_nulls("late")
    parts = (rows.gather_every(2), rows.gather_every(2, 1))
    return [(part.select(FEATURES), part["late"].cast(pl.Float64).to_numpy()) for part in parts]


@cache
def fitted() -> str:
    """The lines of every kind of task as JSON."""
    train, validation = split()
    minutes = train[0]["distance"].to_numpy() * 0.37 + train[1]
    labels: dict[Task, Any] = {
        Binary("late"): train[1],
        Multiclass(("a", "b", "c")): np.arange(len(minutes)) % 3,
        Regression("min"): minutes,
    }
    half = validation[0], validation[1]
    made = [linear.fit((train[0], each), half if task == TASK else (train[0], each), task) for task, each in labels.items()]
    return msgspec.json.encode(made).decode()

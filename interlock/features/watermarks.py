"""Watermarks: up to when each history is complete, so that a feed that died is not mistaken for silence."""

from dataclasses import dataclass
from datetime import datetime

from interlock import params
from interlock.catalog import Catalog
from interlock.durations import microseconds
from interlock.features.featureset import FeatureSet
from interlock.features.keys import micros, moment
from interlock.features.state import Meta


@dataclass(frozen=True)
class Watermark:
    """The moment up to which a history is complete, null before its first row; stale where its table must be fresher."""

    history: str
    complete: str | None
    fresh: str | None
    stale: bool


def told(features: FeatureSet, meta: Meta, now: datetime) -> list[Watermark]:
    """The watermark of each history, against how fresh conf says that its table must be."""
    tables = params.load("usecase.catalog", Catalog).tables
    found = []
    for name, history in features.histories.items():
        mark, table = meta.watermarks.get(name), tables.get(history.source)
        fresh = table.fresh if table else None
        old = fresh is not None and (mark is None or micros(now) - mark > (microseconds(fresh) or 0))
        found.append(Watermark(name, None if mark is None else moment(mark).isoformat(), fresh, old))
    return found

"""Which requests read one row of a table in which features: asked of the offline executor, for all requests at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from interlock.contracts import ledger
from interlock.features import arithmetic, expressions, histories, offline
from interlock.features.featureset import AnyFeature, FeatureSet, History, Latest, Lookup, Window
from interlock.features.plan import RANGED
from interlock.frames import ROW
from interlock.lineage.rows import plain

MINE, NUMBER = "__mine", "__number"


def reads(
    declared: FeatureSet, table: str, row: int, raw: Path, aside: Path, requests: pl.DataFrame
) -> Iterator[tuple[str, str, pl.Series]]:
    """For each feature that can read the table: its name, what the row is to it, and for each request whether it read the row."""
    tables = {}
    for name in declared.tables:
        out = pl.read_parquet(aside / f"{name}.parquet", columns=[ROW], glob=False)
        tables[name] = ledger.less(pl.scan_parquet(raw / f"{name}.parquet", glob=False), out)
    for name, history in declared.histories.items():
        if history.source == table:
            yield from _history(declared, name, row, tables, requests)
    looking = [feature for feature in declared.features if isinstance(feature, Lookup) and feature.reference == table]
    alone = tables[table].filter(pl.col(ROW) == row)
    for feature in looking:
        yield feature.name, "looked up", _looked_up(declared, feature, requests, {**tables, table: alone})


def _history(
    declared: FeatureSet, name: str, row: int, tables: Mapping[str, pl.LazyFrame], requests: pl.DataFrame
) -> Iterator[tuple[str, str, pl.Series]]:
    """What the features over a history make of a row of its source."""
    history = declared.histories[name]
    own = tables[history.source].filter(pl.col(ROW) == row)
    mine = histories.derive(history, own, declared.references, tables).collect()
    if not mine.height:
        return
    for feature in declared.features:
        if isinstance(feature, Window) and feature.history == name:
            yield feature.name, f"counted in {name}", _counted(declared, feature, mine, requests)
        elif isinstance(feature, Latest) and feature.history == name and _passes(feature, mine):
            rows = _of_entity(declared, feature, mine, tables)
            yield feature.name, f"last of {name}", _last(declared, feature, rows, row, requests)


def _counted(declared: FeatureSet, window: Window, mine: pl.DataFrame, requests: pl.DataFrame) -> pl.Series:
    """Whether each request counts the row, were it the only one."""
    measure = (
        [] if window.measure is None else [arithmetic.ranged(window) if window.statistic in RANGED else expressions.build(window.measure)]
    )
    known = mine.filter(each.is_not_null() for each in measure) if measure else mine
    asked = msgspec.structs.replace(window, statistic="count", measure=None, places=0, dtype="Int64")
    return _computed(declared, asked, known.drop(ROW), requests).fill_null(0) > 0


def _last(declared: FeatureSet, latest: Latest, rows: pl.DataFrame, row: int, requests: pl.DataFrame) -> pl.Series:
    """Whether the row is the last one that each request had seen."""
    asked = msgspec.structs.replace(latest, value=["col", NUMBER], dtype="Int64")
    return (_computed(declared, asked, rows.rename({ROW: NUMBER}), requests) == row).fill_null(False)


def _of_entity(declared: FeatureSet, latest: Latest, mine: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """All rows of the history that belong to the row's entity."""
    history = declared.histories[latest.history]
    made = histories.derive(history, tables[history.source], declared.references, tables)
    keys = [theirs for theirs, _ in latest.keys]
    return made.filter(pl.col(key) == pl.lit(mine[key][0], mine.schema[key]) for key in keys).collect() if keys else made.collect()


def _passes(latest: Latest, mine: pl.DataFrame) -> bool:
    return latest.where is None or bool(mine.select(expressions.build(latest.where).fill_null(False)).item())


def _computed(declared: FeatureSet, feature: AnyFeature, rows: pl.DataFrame, requests: pl.DataFrame) -> pl.Series:
    """The feature of every request over `rows` alone."""
    assert isinstance(feature, Latest | Window)
    over: dict[str, History] = {feature.history: plain(feature.history, rows, declared.histories[feature.history].lateness)}
    alone = FeatureSet(declared.request, {}, over, (feature,))
    return offline.compute(alone, requests, {feature.history: rows.lazy()})[feature.name]


def _looked_up(declared: FeatureSet, lookup: Lookup, requests: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.Series:
    """Whether the key of each request is that of the row, which is alone in its reference."""
    key = lookup.keys[0][0]
    reference = declared.references[lookup.reference]
    asked: Any = msgspec.structs.replace(lookup, name=MINE, column=key, dtype=reference.types[key])
    before = [each for each in declared.features if isinstance(each, Lookup) and each.reference != lookup.reference]
    alone = FeatureSet(declared.request, declared.references, {}, (*before, asked))
    return offline.compute(alone, requests, tables)[MINE].is_not_null()

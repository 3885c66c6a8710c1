"""Histories as frames: one row of a source at a time, with lookups, into id, times and columns."""

from collections.abc import Mapping

import polars as pl

from interlock.dtypes import dtype_of
from interlock.errors import ContractError
from interlock.features import expressions
from interlock.features.featureset import FeatureSet, History, Look, Reference
from interlock.frames import ROW

ID, TIME, SEEN = "__id", "__time", "__seen"


def history(features: FeatureSet, name: str, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """The rows of a history: `__id`, `__time` (event time), `__seen` (when a row first counts) and its columns.

    A row without an event time, or that never became available, is not in it. Raises ContractError where a row became
    available later than its declared lateness allows.
    """
    declared = features.histories[name]
    rows = derive(declared, tables[declared.source], features.references, tables).collect()
    late = rows.filter(pl.col(SEEN) - pl.col(TIME) > pl.duration(microseconds=declared.lateness))
    if late.height:
        raise ContractError(
            f"{name}: {late.height} rows became available later than the lateness it declares, first {_first(declared, late)}",
            "declare a greater lateness, or set these rows aside by a rule",
        )
    if rows[ID].null_count() or rows[ID].n_unique() < rows.height:
        copies = rows.filter(pl.col(ID).is_duplicated() | pl.col(ID).is_null())
        raise ContractError(
            f"{name}: {copies.height} rows have no id of their own, first {_first(declared, copies)}",
            "let id= tell every row of the history from every other, whatever its entity",
        )
    return rows


def _first(declared: History, rows: pl.DataFrame) -> str:
    row = rows.sort(ROW).row(0, named=True) if ROW in rows.columns else rows.row(0, named=True)
    return f"{declared.source} row {row[ROW]}" if ROW in row else f"id {row[ID]}"


def derive(
    declared: History, source: pl.LazyFrame, references: Mapping[str, Reference], tables: Mapping[str, pl.LazyFrame]
) -> pl.LazyFrame:
    """The rows of a history from rows of its source, lazily; the source's row numbers stay where it has them."""
    names = source.collect_schema().names()
    frame = source.select(*declared.reads, *([ROW] if ROW in names else []))
    for column, look in declared.lookups.items():
        frame = looked_up(frame, column, look, references[look.reference], tables[look.reference])
    if declared.where is not None:
        frame = frame.filter(expressions.build(declared.where))
    for name, node in declared.let.items():
        frame = frame.with_columns(expressions.build(node).alias(name))
    time = expressions.build(declared.time)
    seen = (
        time
        if declared.available is None
        else pl.when(expressions.build(declared.available).is_not_null()).then(
            pl.max_horizontal(time, expressions.build(declared.available))
        )
    )
    columns = {name: expressions.build(node) for name, node in declared.columns.items()}
    made = frame.select(
        *([ROW] if ROW in names else []), expressions.build(declared.id).alias(ID), time.alias(TIME), seen.alias(SEEN), **columns
    )
    return made.filter(pl.col(TIME).is_not_null() & pl.col(SEEN).is_not_null())


def looked_up(frame: pl.LazyFrame, column: str, look: Look, reference: Reference, table: pl.LazyFrame) -> pl.LazyFrame:
    """`frame` with one fixed column of a reference; null where the key is unseen or null."""
    theirs = {f"__{key}": pl.col(key).cast(dtype_of(reference.types[key])) for key, _ in look.keys}
    fixed = table.select(pl.col(look.column).alias(column), **theirs)
    return frame.join(fixed, left_on=[ours for _, ours in look.keys], right_on=list(theirs), how="left", maintain_order="left")

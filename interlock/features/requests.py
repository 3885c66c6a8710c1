"""Requests and outcomes, as a use case's `events.py` makes them from the valid tables."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import polars as pl

from interlock.contracts import check, reader
from interlock.contracts.rules import verdict
from interlock.errors import ContractError, DeclarationError, shown
from interlock.features.numbered import numbered, numbers
from interlock.frames import ROW
from interlock.loading import place_of, raised_in, said
from interlock.usecase import Schema, Table

MATURED = "matured_at"
UTC = pl.Datetime("us", "UTC")


def requests(events: ModuleType, schema: Schema, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """The requests, sorted by time and key; raises ContractError where one breaks the request's contract."""
    request = schema.request
    made = _call(events, "requests", tables)
    kept = [*request.types, *([ROW] if ROW in made.columns else [])]
    _fits(made, request.types, events, "requests")
    frame = made.select(kept).sort(_key(request))
    _holds(frame, request, events)
    if not frame.height:
        raise ContractError("there is no request", "let events.py make at least one")
    return frame


def origins(events: ModuleType, schema: Schema, tables: Mapping[str, pl.LazyFrame], asked: pl.DataFrame) -> pl.DataFrame:
    """For each row of `asked`, in its order, the number of the source row that it was made from: a column a table.

    `events.py` is asked again, of tables whose numbers stay with their rows. No columns where it does not keep them, as
    where it groups rows, or does not give the same requests then.
    """
    request = schema.request
    try:
        made = _call(events, "requests", numbered(tables))
        again = made.sort(_key(request))
        same = again.select(list(request.types)).equals(asked.select(list(request.types)))
    except (DeclarationError, pl.exceptions.PolarsError):
        return pl.DataFrame()
    return numbers(again) if same else pl.DataFrame()


def outcomes(events: ModuleType, schema: Schema, tables: Mapping[str, pl.LazyFrame], asked: pl.DataFrame) -> pl.DataFrame:
    """The outcome of each row of `asked`, in its order: key, label (null where there is none) and when it had matured.

    Raises ContractError where one breaks the outcome's contract; a row without a label is none.
    """
    assert schema.outcome is not None
    key, outcome = _key(schema.request), schema.outcome
    made = _call(events, "outcomes", {**tables, "requests": asked.lazy()})
    _fits(made, {**outcome.types, **({outcome.label_time: UTC} if outcome.label_time else {})}, events, "outcomes")
    if made.select(pl.struct(key).is_duplicated().any()).item():
        raise ContractError(f"{place_of(events)}: outcomes() gives two outcomes for one request", f"make ({', '.join(key)}) unique")
    label = _label(schema, events)
    _holds(made.filter(pl.col(label).is_not_null()).select(list(outcome.types)), outcome, events)
    known = made.select(*key, label, *([pl.col(outcome.label_time).alias(MATURED)] if outcome.label_time else []))
    joined = asked.select(key).join(known, on=key, how="left", maintain_order="left")
    if schema.request.as_of is None:
        return joined.drop(MATURED, strict=False)
    return joined if outcome.label_time else joined.with_columns(_matured(schema).alias(MATURED))


def _matured(schema: Schema) -> pl.Expr:
    """When an outcome without a time of its own could be known: a horizon after the request for every row alike, or at once."""
    assert schema.outcome is not None
    return pl.col(schema.request.as_of or "") + pl.duration(microseconds=schema.outcome.horizon or 0)


def _label(schema: Schema, events: ModuleType) -> str:
    """The one column of the outcome that is the label; raises DeclarationError where that is not clear."""
    assert schema.outcome is not None
    known = {*_key(schema.request), *([schema.outcome.label_time] if schema.outcome.label_time else [])}
    labels = [name for name in schema.outcome.types if name not in known]
    if len(labels) != 1:
        raise DeclarationError(
            f"{Path(events.__file__ or '').with_name('schema.py')}: the outcome has {len(labels)} labels: {', '.join(labels) or 'none'}",
            "declare one column there, beside the time at which it is known",
        )
    return labels[0]


def _key(request: Table) -> list[str]:
    return [*([request.as_of] if request.as_of else []), *request.by]


def _call(events: ModuleType, name: str, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    function: Callable[..., object] | None = getattr(events, name, None)
    if function is None:
        raise DeclarationError(f"{place_of(events)}: there is no function {name}", f"define {name}(…) with tables as arguments")
    wanted = list(inspect.signature(function).parameters)
    if unknown := [table for table in wanted if table not in tables]:
        raise DeclarationError(f"{place_of(events)}: {name}() asks for {unknown[0]}, which is no table", f"tables are: {', '.join(tables)}")
    try:
        made = function(**{table: tables[table] for table in wanted})
        return made.lazy().collect() if isinstance(made, pl.LazyFrame | pl.DataFrame) else _nothing(events, name, made)
    except pl.exceptions.PolarsError as error:
        found = str(error).partition("\n\nResolved plan")[0]
        raise DeclarationError(f"{place_of(events)}: {name}(): {found}", "mend the expression that Polars names") from error
    except DeclarationError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        place = raised_in(error, Path(events.__file__ or ""))
        raise DeclarationError(f"{place}: {name}(): {said(error)}", "mend the line named above") from error


def _nothing(events: ModuleType, name: str, made: object) -> pl.DataFrame:
    line = inspect.getsourcelines(getattr(events, name))[1]
    raise DeclarationError(
        f"{place_of(events)}:{line}: {name}() gives {shown(made)}, not a frame", "end it with return, and a Polars frame"
    )


def _fits(made: pl.DataFrame, types: Mapping[str, pl.DataType], events: ModuleType, name: str) -> None:
    for column, dtype in types.items():
        if column not in made.columns:
            raise DeclarationError(f"{place_of(events)}: {name}() gives no column {column}", f"it gives: {', '.join(made.columns)}")
        if made.schema[column] != dtype:
            raise DeclarationError(
                f"{place_of(events)}: {name}() gives {column} as {made.schema[column]}, declared is {dtype}", "cast it, or change schema.py"
            )


def _holds(rows: pl.DataFrame, table: Table, events: ModuleType) -> None:
    """Raise ContractError where rows that `events.py` made break the contract of their model, but for its warnings."""
    numbered = rows if ROW in rows.columns else rows.with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64))
    found = check.check(reader.read(table), numbered.lazy())
    broken = [seen for seen in found.seen if seen.rows and (seen.rule.severity == "quarantine" or verdict(seen.rule, seen.share) == "fail")]
    if broken:
        seen = broken[0]
        row, value = seen.first[0]
        raise ContractError(
            f"{place_of(events)}: {table.name}(): {seen.rows:,} of {found.rows:,} {table.name} break their contract, "
            f"{seen.rule.name} on {seen.rule.column}: the first is row {row} with {value or 'null'}",
            "let events.py leave these rows out, or state what is true in schema.py",
        )

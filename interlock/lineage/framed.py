"""The log of predictions and a trace as frames, for notebooks."""

from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from interlock.features import records
from interlock.lineage.asked import moment
from interlock.lineage.tree import Feature, Trace
from interlock.serving import predictions

ROW = pl.Struct({"row": pl.Int64, "position": pl.Int64, "id": pl.String, "time": pl.String, "seen": pl.String, "values": pl.String})
TRACED: dict[str, Any] = {
    "feature": pl.String, "kind": pl.String, "value": pl.String, "recorded": pl.Boolean, "description": pl.String, "unit": pl.String,
    "logic": pl.String, "reads": pl.List(pl.String), "table": pl.String, "history": pl.String, "count": pl.Int64, "agree": pl.Boolean,
    "declared": pl.String, "rows": pl.List(ROW),
}  # fmt: skip
LOGGED: dict[str, Any] = {"id": pl.String, "made": pl.String, "version": pl.String, "channel": pl.String, "request": pl.String}


def logged(last: int, folder: Path = predictions.PREDICTIONS) -> pl.DataFrame:
    """The `last` predictions of the log, the latest last: id, moment, release, channel, request as JSON, and a column a score.

    Of an erased one only the id is left; no rows where there is no log.
    """
    end = records.last(folder) if folder.is_dir() else None
    found = predictions.every(folder, max(end.position - last, 0)) if end else ()
    told = [(each.id, each.prediction) for each in found]
    scores = list(dict.fromkeys(name for _, made in told if made for name in made.scores))
    rows = [
        (key, moment(made.time), made.version, made.channel, _json(made.request), *map(made.scores.get, scores)) if made else (key,)
        for key, made in told
    ]
    schema = LOGGED | dict.fromkeys(scores, pl.Float64)
    return pl.DataFrame([dict(zip(schema, row, strict=False)) for row in rows], schema=schema)


def traced(trace: Trace) -> pl.DataFrame:
    """One row a feature of a prediction: its value as JSON, where it is declared, and in `rows` the source rows that it counted.

    `count` says how many these are, `agree` whether they alone give the recorded value; null where no row was read or reached.
    """
    return pl.DataFrame([_feature(feature) for feature in trace.features], schema=TRACED)


def _feature(feature: Feature) -> dict[str, Any]:
    read, code = feature.rows, feature.code
    rows = [{**msgspec.structs.asdict(row), "values": _json(row.values)} for row in read.shown] if read else []
    about = {"table": read.table, "history": read.history, "count": read.count, "agree": read.agree} if read else {}
    told = {name: getattr(feature, name) for name in ("kind", "recorded", "description", "unit", "logic")}
    return {
        "feature": feature.name, **told, "value": _json(feature.value), "reads": list(feature.reads), **about,
        "declared": code.place if code else None, "rows": rows,
    }  # fmt: skip


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()

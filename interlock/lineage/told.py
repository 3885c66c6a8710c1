"""Each feature of a prediction: value, description, logic, the rows that it counted and the lines that declare it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from interlock import git
from interlock.dtypes import dtype_of
from interlock.features import logic, payloads
from interlock.features.featureset import AnyFeature, FeatureSet, Latest, Lookup, Window
from interlock.features.histories import ID, SEEN, TIME
from interlock.frames import ROW
from interlock.lineage import code
from interlock.lineage.asked import moment
from interlock.lineage.known import POSITION
from interlock.lineage.rows import Behind, read, same
from interlock.lineage.tree import Code, Feature, Row, Rows
from interlock.serving.record import Prediction

if TYPE_CHECKING:
    from interlock.lineage.trace import Tracing


def features(found: "Tracing", declared: FeatureSet, behind: Behind | None, usecase: str, only: str | None) -> Iterator[Feature]:
    """The features in declared order, or `only` one and what it reads; what a part cannot say is left out, and named as unreached."""
    names = set(declared.by_name) if only is None else _reading(declared, only)
    none: dict[str, Code] = {}
    lines = found.reach("the lines that declare the features", lambda: _lines(found.prediction.commit, usecase, names), none)
    values = found.reach("the features, computed again", lambda: behind.values, None) if behind else None
    for feature in declared.features:
        if feature.name in names:
            rows = None
            if behind is not None and values is not None:
                rows = found.reach(f"the rows of {feature.name}", partial(_rows, found, feature, behind), None)
            yield _feature(found.prediction, declared, feature, values, rows, lines.get(feature.name))


def differ(made: Prediction, declared: FeatureSet, behind: Behind) -> tuple[str, ...]:
    """The public features whose recorded value is not what the rows give."""
    return tuple(each.name for each in declared.public if not same(behind.values[each.name], made.values.get(each.name)))


def _reading(declared: FeatureSet, name: str) -> set[str]:
    """A feature, and those that it reads."""
    from interlock.features.catalog import find

    waiting, found = [find(name, declared).name], set[str]()
    while waiting:
        found.add(next_ := waiting.pop())
        waiting += [each for each in declared.reads(declared.by_name[next_]) if each in declared.by_name and each not in found]
    return found


def _lines(commit: str, usecase: str, names: set[str]) -> dict[str, Code]:
    path = f"usecases/{usecase}/features.py"
    found = git.committed(Path(path), commit)
    return code.declarations(commit, path, found.decode("utf-8", errors="replace"), names) if found else {}


def _feature(
    made: Prediction, declared: FeatureSet, feature: AnyFeature, values: pl.DataFrame | None, rows: Rows | None, lines: Code | None
) -> Feature:
    recorded = feature.name in made.values
    value: Any = None
    if recorded:
        value = payloads.decoded([msgspec.json.encode({"": made.values[feature.name]})], {"": feature.dtype}).item()
    elif values is not None:
        value = values[feature.name].cast(dtype_of(feature.dtype))[0]
    reads = tuple(sorted(declared.reads(feature)))
    kind = str(feature.__struct_config__.tag)
    about = feature.about
    return Feature(
        feature.name, kind, feature.dtype, value, recorded, about.description, about.unit, logic.words(feature), reads, rows, lines
    )


def _rows(found: "Tracing", feature: AnyFeature, behind: Behind) -> Rows | None:
    if isinstance(feature, Lookup):
        row = behind.looked_up(feature)
        kept = [name for name, _ in feature.keys]
        shown = tuple(
            Row(each[ROW], each[POSITION], "", "", "", {name: each[name] for name in [*kept, feature.column]})
            for each in row.iter_rows(named=True)
        )
        return Rows(feature.reference, "", row.height, shown, None)
    if not isinstance(feature, Latest | Window):
        return None
    history = behind.features.histories[feature.history]
    counted = behind.counted[feature.name]
    recorded = found.prediction.values
    agree = behind.agrees(feature, recorded[feature.name]) if feature.name in recorded else None
    first = counted if found.most is None else counted.head(found.most)
    through = tuple(sorted({look.reference for look in history.lookups.values()}))
    return Rows(history.source, feature.history, counted.height, tuple(map(_row, *_split(first, read(feature)))), agree, through)


def _split(rows: pl.DataFrame, columns: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Where each row lies, and its values that were read."""
    places = rows.select(ROW, POSITION, pl.col(ID).cast(pl.String), pl.col(TIME, SEEN).dt.timestamp("us"))
    return places.to_dicts(), rows.select(columns).to_dicts() if columns else [{} for _ in range(rows.height)]


def _row(place: dict[str, Any], values: dict[str, Any]) -> Row:
    return Row(place[ROW], place[POSITION], place[ID], moment(place[TIME]), moment(place[SEEN]), values)

"""The scored rows of a split, and what the other frames know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from interlock import frames
from interlock.errors import ArtifactError, ConfigError, listed
from interlock.evaluation.ranks import Labels, Scores
from interlock.modeling.dataset import Rows
from interlock.modeling.groups import DECLARED
from interlock.modeling.task import Task

LABEL = "label"
REMEDY = "run: dvc repro -f score"


@dataclass(frozen=True)
class Predictions:
    """Rows of one split, aligned: their keys, and their label, raw scores and scores, none of them null."""

    key: pl.DataFrame
    scored: pl.DataFrame
    task: Task

    @classmethod
    def open(cls, path: Path, task: Task, rows: Rows | None = None) -> "Predictions":
        """Read `path`; raises ArtifactError where a row has no label, or a score that is no number, or where it is not of `rows`.

        `rows` are in the order of their key. Raises ContractError on a label that is none of the task.
        """
        frame = frames.read(path)
        _columns(path, frame.columns, [LABEL, *task.columns], rows)
        scored = frame.select(LABEL, *task.columns)
        bad = scored.select(pl.any_horizontal(pl.all().is_null(), ~pl.col(task.columns).is_finite()).sum()).item()
        if bad:
            raise ArtifactError(f"{path}: {bad} of {frame.height} rows lack a label or a finite score", REMEDY)
        task.labels(scored[LABEL])
        found = cls(frame.drop(scored.columns), scored, task)
        if rows is not None:
            found._of(rows, path)
        return found

    @property
    def labels(self) -> Labels:
        return self.task.labels(self.scored[LABEL])

    @property
    def scores(self) -> Scores:
        return self.task.scores(self.scored)

    def _of(self, rows: Rows, path: Path) -> None:
        key = self.key.select(rows.key.columns)
        if key.schema != rows.key.schema or not key.equals(rows.key):
            sizes = f"{path} has {self.key.height} rows, the {rows.name} split {rows.key.height}"
            raise ArtifactError(f"{sizes}: they are not the same ones in the order of their key", REMEDY)
        if different := int((self.labels != self.task.labels(rows.label)).sum()):
            raise ArtifactError(f"{path}: {different} of {rows.key.height} rows have another label than the {rows.name} split", REMEDY)


def _columns(path: Path, there: Sequence[str], scored: Sequence[str], rows: Rows | None) -> None:
    wanted = [*(rows.key.columns if rows else ()), *scored]
    if missing := [name for name in wanted if name not in there]:
        raise ArtifactError(f"{path} has no column {missing[0]}", REMEDY)
    if rows and (extra := [name for name in there if name not in wanted]):
        raise ArtifactError(f"{path} has columns that are neither key, label nor score: {listed(extra)}", REMEDY)


def beside(key: pl.DataFrame, path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """What the frame at `path` says of each row of `key`, in that order: its other columns, or `columns` alone.

    Raises ArtifactError where it lacks a row.
    """
    there = frames.scan(path)
    wanted = there if columns is None else there.select(*dict.fromkeys([*key.columns, *columns]))
    # NOTE: a filter reaches into the file, a join does not: with it, only rows that may be wanted are decoded
    near = wanted.filter(pl.col(name).is_in(key[name].implode()) for name in key.columns)
    found = key.lazy().join(near, on=key.columns, how="inner", maintain_order="left").collect()
    if found.height != key.height:
        raise ArtifactError(f"{path} holds {found.height} of {key.height} rows that were scored", "run: dvc repro -f featurize score")
    return found.drop(key.columns) if columns is None else found.select(columns)


def sliced(key: pl.DataFrame, folder: Path, columns: Sequence[str], declared: str = DECLARED) -> pl.DataFrame:
    """The `columns` of each row of `key`: of the request or, where it has none of that name, a feature, by the frames in `folder`.

    Raises ConfigError on a column that neither has, and names the key that `declared` it.
    """
    there = {name: frames.scan(folder / f"{name}.parquet").collect_schema().names() for name in ("requests", "features")}
    columns = list(dict.fromkeys(columns))
    if unknown := [name for name in columns if not any(name in names for names in there.values())]:
        known = ", ".join(dict.fromkeys(name for names in there.values() for name in names))
        raise ConfigError(f"{declared}: no request or feature is called {unknown[0]}", f"known are: {known}")
    asked = [name for name in columns if name in there["requests"]]
    rest = [name for name in columns if name not in asked]
    found = [beside(key, folder / f"{name}.parquet", wanted) for name, wanted in (("requests", asked), ("features", rest)) if wanted]
    return pl.DataFrame([column for frame in found for column in frame]).select(columns)

"""The scored rows of a split, and what the other frames know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from interlock import frames
from interlock.errors import ArtifactError
from interlock.evaluation.ranks import Labels, Scores

SCORED = ("label", "raw_score", "score")


@dataclass(frozen=True)
class Predictions:
    """Rows of one split, aligned: their keys, and their label, raw score and score, none of them null."""

    key: pl.DataFrame
    scored: pl.DataFrame

    @classmethod
    def open(cls, path: Path) -> "Predictions":
        """Read `path`; raises ArtifactError where a row has no label, or a score that is no number."""
        frame = frames.read(path)
        scored = frame.select(SCORED)
        bad = frame.select(pl.any_horizontal(pl.all().is_null(), ~pl.col("raw_score", "score").is_finite()).sum()).item()
        if bad:
            raise ArtifactError(f"{path}: {bad} of {frame.height} rows lack a label or a finite score", "run: dvc repro -f score")
        return cls(frame.drop(SCORED), scored)

    @property
    def labels(self) -> Labels:
        return self.scored["label"].cast(pl.Boolean).to_numpy()

    @property
    def scores(self) -> Scores:
        return self.scored["score"].to_numpy()


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

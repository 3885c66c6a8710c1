"""What `featurize` wrote, as the labelled rows of a split."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import polars as pl

from interlock import frames
from interlock.errors import ArtifactError, ContractError
from interlock.modeling.split import MATURED, Split, assign


@dataclass(frozen=True)
class Rows:
    """Rows of one split, aligned: their keys, their features in declared order and their labels, none of them null."""

    name: str
    key: pl.DataFrame
    features: pl.DataFrame
    label: pl.Series

    def ordered(self) -> "Rows":
        """The same rows in the order of their key, which is that of predictions."""
        places = self.key.select(pl.arg_sort_by(self.key.columns)).to_series()
        return self if places.is_sorted() else Rows(self.name, self.key[places], self.features[places], self.label[places])


@dataclass(frozen=True)
class Dataset:
    """Aligned rows with the period in which each was asked, and the split that each belongs to; `by` are the columns of an id."""

    by: tuple[str, ...]
    key: pl.DataFrame
    features: pl.DataFrame
    label: pl.Series
    period: pl.Series
    split: pl.Series

    @classmethod
    def open(cls, folder: Path, split: Split) -> "Dataset":
        """Read `folder`; raises ArtifactError where its frames do not hold the same rows in the same order."""
        by, as_of = _declared(folder / "featureset.json")
        key = [*([as_of] if as_of else []), *by]
        requests, outcomes, features = (frames.read(folder / f"{name}.parquet") for name in ("requests", "outcomes", "features"))
        for name, frame in (("outcomes", outcomes), ("features", features)):
            _aligned(folder, name, requests, frame, key)
        rows = requests.with_columns(outcomes.drop(key))
        (label,) = (name for name in outcomes.columns if name not in {*key, MATURED})
        assigned = assign(rows, split, key, as_of)
        return cls(by, requests.select(key), features.drop(key), outcomes[label], assigned["period"], assigned["split"])

    def counts(self, name: str) -> dict[str, int]:
        """How many rows were asked in the period, and of them were used, had no outcome, or had one too late."""
        asked, missing = self.period == name, self.label.is_null()
        counted = pl.DataFrame({"asked": asked, "used": (self.split == name) & ~missing, "unlabelled": asked & missing})
        found = {column: int(counted[column].sum()) for column in counted.columns}
        return {**found, "immature": found["asked"] - found["used"] - found["unlabelled"]}

    def rows(self, name: str) -> Rows:
        """The labelled rows of the split `name`; raises ContractError where there are none."""
        chosen = (self.split == name) & self.label.is_not_null()
        if not chosen.any():
            counted = ", ".join(f"{count} {what}" for what, count in self.counts(name).items())
            raise ContractError(
                f"the {name} split has no row with a label ({counted})", "move the split, or widen the world, in conf/usecase/"
            )
        return Rows(name, self.key.filter(chosen), self.features.filter(chosen), self.label.filter(chosen))


class _Request(msgspec.Struct):
    by: tuple[str, ...]
    as_of: str | None


class _Declared(msgspec.Struct):
    request: _Request


def _declared(path: Path) -> tuple[tuple[str, ...], str | None]:
    try:
        request = msgspec.json.decode(path.read_bytes(), type=_Declared).request
    except (FileNotFoundError, msgspec.DecodeError) as error:
        raise ArtifactError(f"{path} is missing or damaged: {error}", "run: make") from error
    return request.by, request.as_of


def _aligned(folder: Path, name: str, requests: pl.DataFrame, frame: pl.DataFrame, key: Sequence[str]) -> None:
    if not frame.select(key).equals(requests.select(key)):
        raise ArtifactError(
            f"{folder}: {name} ({frame.height} rows) and requests ({requests.height}) hold other rows", "run: dvc repro -f featurize"
        )

"""The project from a notebook: requests, features, scores and traces as frames.

>>> import interlock
>>> project = interlock.open()  # doctest: +SKIP
>>> project.features(sample=500)  # doctest: +SKIP
"""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING

from interlock.errors import ArtifactError, ConfigError, ContractError
from interlock.project import root

if TYPE_CHECKING:
    import polars as pl

    from interlock.features.featureset import FeatureSet

MODEL = Path("models/model")
DECLARED = Path("data/features/featureset.json")
PREDICTED, SCORED = Path("data/predictions"), ("validation", "test")
USECASES = "usecases"
_entered = RLock()


@dataclass(frozen=True)
class Project:
    """A project in `folder`, read anew by every call: an edit of its files shows at once.

    While a call runs, the whole process is in that folder, so other threads must not rely on the current one; calls from
    several threads wait for each other.
    """

    folder: Path

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "Project":
        """The project that `path` lies in; raises ConfigError where it lies in none."""
        return cls(root(Path(path)))

    def requests(self) -> "pl.DataFrame":
        """Every request that events.py makes of the valid tables, in the order of its key."""
        with inside(self.folder):
            from interlock.features.sample import every_request

            return every_request(_usecase())

    def features(self, rows: "pl.DataFrame | None" = None, sample: int | None = None) -> "pl.DataFrame":
        """The columns of the requests and every public feature of each, as features.py declares them now.

        Of the request `rows` given, else of all requests; with `sample` of at most so many of them, chosen by hash.
        Raises ContractError where `rows` lack a column of the request or have it in another type.
        """
        with inside(self.folder):
            from interlock.features.places import declarations
            from interlock.features.sample import every_request, values
            from interlock.features.sample import sample as chosen

            found = declarations(_usecase())
            asked = every_request(_usecase()) if rows is None else fitting(rows, found.declared)
            if sample is not None:
                asked = chosen(asked, found.declared.request.key, sample)
            return values(found, asked).select(*asked.columns, *(feature.name for feature in found.declared.public))

    def score(self, rows: "pl.DataFrame") -> "pl.DataFrame":
        """The columns of the request `rows`, the features of each as the current model was trained with, and its scores.

        Features come from the declarations that the last run exported, whatever features.py says since. A column that is named
        as a score gives way to it. Raises ArtifactError where there is no model, or it was trained with others.
        """
        with inside(self.folder):
            from interlock.features import featureset, offline
            from interlock.features.sample import valid_tables
            from interlock.modeling.score import Scorer

            scorer, declared = Scorer.open(MODEL), featureset.read(DECLARED)
            if declared.fingerprint != scorer.model.featureset:
                raise ArtifactError(f"{MODEL} was trained with other features than {DECLARED} declares", "run: make")
            asked = fitting(rows, declared)
            found = offline.compute(declared, asked, valid_tables(declared))
            found = found.select(*asked.columns, *(feature.name for feature in declared.public))
            return found.with_columns(scorer.score(found))

    def predictions(self, split: str = "test") -> "pl.DataFrame":
        """What the last run said of its `split`, "validation" or "test": requests, public features, `label` and scores, one row each.

        Raises ConfigError on another split, ArtifactError where no run has scored it.
        """
        if split not in SCORED:
            raise ConfigError(f"no rows of a split {split!r} are scored", f"there are: {' and '.join(SCORED)}")
        with inside(self.folder):
            from interlock import frames

            scored = frames.read(PREDICTED / f"{split}.parquet")
            asked, found = (frames.read(DECLARED.with_name(f"{name}.parquet")) for name in ("requests", "features"))
            key = [name for name in asked.columns if name in found.columns]
            known = asked.join(found, on=key, maintain_order="left")
            label = [name for name in scored.columns if name not in key]
            return scored.join(known.drop(label, strict=False), on=key, maintain_order="left").select(
                *(name for name in known.columns if name not in label), *label
            )

    def log(self, last: int = 20) -> "pl.DataFrame":
        """The `last` predictions of releases, the latest last: id, moment, release, channel, request as JSON, and a column a score."""
        with inside(self.folder):
            from interlock.lineage.framed import logged

            return logged(last)

    def trace(self, prediction: str, *, rows: int | None = 3) -> "pl.DataFrame":
        """What is behind the `prediction` of that id: one row a feature, and in its `rows` the first source rows that it counted.

        `rows=None` gives all of them. What cannot be reached is null; `interlock trace ID` says why, and how to get it.
        Raises ConfigError where it is no id, ArtifactError where the log has it not.
        """
        with inside(self.folder):
            from interlock.lineage.framed import traced
            from interlock.lineage.trace import trace
            from interlock.serving import predictions

            return traced(trace(predictions.one(prediction), rows))


def fitting(rows: "pl.DataFrame", declared: "FeatureSet") -> "pl.DataFrame":
    """`rows`, if they are requests: every column there, in its type, and no null in the key; raises ContractError where not."""
    from interlock.dtypes import dtype_of

    for name, text in declared.request.types.items():
        if name not in rows.columns:
            raise ContractError(f"the rows have no column {name}", f"a request has: {', '.join(declared.request.types)}")
        if rows.schema[name] != (dtype := dtype_of(text)):
            raise ContractError(
                f"the column {name} of the rows is {rows.schema[name]}, in a request it is {dtype}",
                f"rows.cast({{{name!r}: pl.{dtype!r}}})",
            )
        if name in declared.request.key and rows[name].null_count():
            raise ContractError(f"the column {name} of the rows has nulls, and is part of the key", f"rows.drop_nulls({name!r})")
    if taken := sorted(declared.by_name.keys() & set(rows.columns)):
        raise ContractError(f"the rows have a column {taken[0]}, which is a feature", f"drop it: rows.drop({taken[0]!r})")
    return rows


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Be in `folder`, with nothing remembered of this or another project's files; afterwards all is as it was."""
    with _entered:
        before, path, bytecode = Path.cwd(), list(sys.path), sys.dont_write_bytecode
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        sys.dont_write_bytecode = True
        kept = _forget()
        try:
            yield
        finally:
            _forget()
            sys.modules.update(kept)
            sys.path[:], sys.dont_write_bytecode = path, bytecode
            os.chdir(before)


def _forget() -> dict[str, ModuleType]:
    """Drop the modules of use cases and what was read of params.yaml; returns the modules."""
    from interlock.params import read_yaml

    read_yaml.cache_clear()
    importlib.invalidate_caches()
    names = [name for name in sys.modules if name == USECASES or name.startswith(f"{USECASES}.")]
    return {name: sys.modules.pop(name) for name in names}


def _usecase() -> str:
    from interlock.params import load

    return load("usecase.name", str)

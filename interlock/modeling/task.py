"""What is predicted: the kind of task, the labels it knows, and what LightGBM is told for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from interlock.errors import ContractError, listed, shown
from interlock.params import Section

if TYPE_CHECKING:
    import polars as pl

Name: TypeAlias = Annotated[str, Meta(min_length=1)]
Labels: TypeAlias = NDArray[Any]
Scores: TypeAlias = NDArray[np.float64]
FEW = 5
MOST = 1e30  # LightGBM keeps labels and gradients in 32 bits, and adds up squares of sums of them in 64
LOSSES = {"squared": "l2", "absolute": "l1", "poisson": "poisson"}


class Kind(Section, frozen=True, tag_field="kind"):
    """What every kind of task says of itself.

    `headline` is the metric that candidates are compared by first; of `brief` ones the outcome of a run speaks.
    `stops` is the metric, by LightGBM's name, that ends training early: it decides which trees are kept.
    """

    headline: ClassVar[str]
    brief: ClassVar[tuple[str, ...]]

    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)

    @property
    def raw(self) -> tuple[str, ...]:
        """The columns of the raw scores, as the trees give them."""
        return ("raw_score",)

    @property
    def final(self) -> tuple[str, ...]:
        """The columns of the scores."""
        return ("score",)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that scoring adds to a row."""
        return (*self.raw, *self.final)

    def scores(self, scored: pl.DataFrame) -> Scores:
        """The scores of each row, (n,), or (n, classes)."""
        return scored[self.final[0]].to_numpy()


class Binary(Kind, frozen=True, tag="binary"):
    """Yes or no; `positive` names what a label of 1 means. A score is the probability of it."""

    positive: Name
    headline: ClassVar[str] = "auc"
    brief: ClassVar[tuple[str, ...]] = ("auc", "brier", "ece")

    @property
    def objective(self) -> dict[str, Any]:
        return {"objective": "binary"}

    @property
    def stops(self) -> str:
        return "auc"

    def labels(self, series: pl.Series) -> Labels:
        """The labels as Booleans, (n,); raises ContractError where one is neither 0 nor 1."""
        values = _numbers(series, "make the outcome Boolean in events.py")
        if not set(np.unique(values)) <= {0.0, 1.0}:
            raise ContractError(f"outcomes of a binary task are 0 and 1, found {_some(series)}", "make the outcome Boolean in events.py")
        return values.astype(np.bool_)


class Multiclass(Kind, frozen=True, tag="multiclass"):
    """One of `classes`, in the order that is declared. A row has a score for each, the probability of it; together they are 1."""

    classes: Annotated[tuple[Name, ...], Meta(min_length=3, max_length=1000)]
    headline: ClassVar[str] = "auc"
    brief: ClassVar[tuple[str, ...]] = ("auc", "balanced_accuracy", "log_loss", "ece")

    def __post_init__(self) -> None:
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("a class is named twice")

    @property
    def objective(self) -> dict[str, Any]:
        return {"objective": "multiclass", "num_class": len(self.classes)}

    @property
    def stops(self) -> str:
        return "multi_logloss"

    @property
    def raw(self) -> tuple[str, ...]:
        return tuple(f"raw_score_{name}" for name in self.classes)

    @property
    def final(self) -> tuple[str, ...]:
        return tuple(f"score_{name}" for name in self.classes)

    def scores(self, scored: pl.DataFrame) -> Scores:
        return np.column_stack([scored[name].to_numpy() for name in self.final])

    def labels(self, series: pl.Series) -> Labels:
        """The position of each label among the classes, (n,) of Int64; raises ContractError on one that is none of them."""
        import polars as pl

        try:
            texts = series.cast(pl.String)
        except pl.exceptions.PolarsError as error:
            raise ContractError(f"outcomes are {series.dtype}, found {_some(series)}", "make the outcome a text in events.py") from error
        if unknown := sorted(set(texts.unique().to_list()) - set(self.classes), key=str):
            found = f"outcome {shown(unknown[0])} is none of the classes {listed(self.classes)}"
            raise ContractError(found, "name it in usecase.task.classes, or mend outcomes() in events.py")
        return texts.replace_strict(self.classes, range(len(self.classes)), return_dtype=pl.Int64).to_numpy()


class Regression(Kind, frozen=True, tag="regression"):
    """A number in `unit`; the score is what is expected of it.

    `loss`: `squared` expects the mean, `absolute` the median, `poisson` the mean of what is never below 0, such as counts.
    `baseline` is a feature that is a forecast by itself, such as the last count of the same hour a week ago.
    """

    unit: Name
    loss: Literal["squared", "absolute", "poisson"] = "squared"
    baseline: Name | None = None
    headline: ClassVar[str] = "r2"
    brief: ClassVar[tuple[str, ...]] = ("r2", "mae", "rmse")

    @property
    def objective(self) -> dict[str, Any]:
        return {"objective": LOSSES[self.loss]}

    @property
    def stops(self) -> str:
        return LOSSES[self.loss]

    def labels(self, series: pl.Series) -> Labels:
        """The labels as they are, (n,); raises ContractError on one that trees cannot learn: not finite, huge, or negative for `poisson`."""
        values = _numbers(series, "make the outcome a number in events.py")
        if not (np.abs(values) <= MOST).all() or (self.loss == "poisson" and (values < 0).any()):
            asked = "0 or more" if self.loss == "poisson" else f"within {MOST:g} of 0"
            raise ContractError(f"outcomes must be {asked}, found {_some(series)}", "mend outcomes() in events.py, or usecase.task.loss")
        return values


Task: TypeAlias = Binary | Multiclass | Regression


def _numbers(series: pl.Series, remedy: str) -> Scores:
    import polars as pl

    if not (series.dtype.is_numeric() or series.dtype == pl.Boolean):
        raise ContractError(f"outcomes are {series.dtype}, found {_some(series)}", remedy)
    return series.cast(pl.Float64).to_numpy()


def _some(series: pl.Series) -> str:
    import polars as pl

    plain = not (series.dtype.is_nested() or series.dtype == pl.Object)
    found: Sequence[Any] = (series.unique().sort() if plain else series.head(FEW + 1)).to_list()
    return ", ".join(map(str, found[:FEW])) + (", …" if len(found) > FEW else "")

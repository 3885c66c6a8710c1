"""How the values of a column are distributed, in counts over a few bins, and how far two distributions are apart."""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

import polars as pl

from interlock.files import SIGNIFICANT
from interlock.params import Section

BINS = 10
FEWEST = 10
UNIQUE, DIGITS = 0.9, 2
COUNT = "\0count"
Number: TypeAlias = int | float


class Column(Section, frozen=True):
    """Counts of the rows of a column: those without a value, and those in each bin.

    The bins of numbers lie below, between and above the `edges`, each of which belongs to the bin below it; texts and
    booleans have one bin for each of the most frequent `labels`, and a last one for all others: a label of fewer than
    ten rows, or one in a hundred, has none of its own. A column with neither has one bin.
    """

    dtype: str
    nulls: int
    counts: list[int]
    edges: list[Number] | None = None
    labels: list[str] | None = None

    @property
    def rows(self) -> int:
        return self.nulls + sum(self.counts)

    @property
    def bins(self) -> int:
        """In how many bins a value can be: with one, all are alike."""
        return 1 + len(self.edges or self.labels or ())


class Profile(Section, frozen=True):
    """A table: how many rows came, those set aside among them, and the columns of those in use."""

    rows: int
    columns: dict[str, Column]


def has_bins(dtype: pl.DataType) -> bool:
    """Whether values of this type are counted in bins: numbers, texts and booleans."""
    return dtype.is_integer() or dtype.is_float() or dtype in (pl.Boolean, pl.String, pl.Enum)


def profile(
    rows: pl.LazyFrame, columns: Sequence[str], like: Profile | None = None, *, came: int | None = None, plain: Collection[str] = ()
) -> Profile:
    """The distribution of each of `columns`, counted in one pass over the bins of `like`.

    Only a column that it does not know is read whole, to find bins, one at a time; numbers among `plain` get none. `came`
    is how many rows came, where `rows` are fewer.
    """
    known, schema = like.columns if like else {}, rows.collect_schema()
    over = {}
    for name in (name for name in columns if name in schema):
        before = known.get(name)
        same = before if before is not None and before.dtype == str(schema[name]) else None
        over[name] = same or _bins(name, schema[name], rows, spared=name in plain)
    asked = [part.alias(f"{n} {m}") for n, name in enumerate(over) for m, part in enumerate(_parts(name, schema[name], over[name]))]
    *found, count = rows.select(*asked, pl.len().alias(COUNT)).collect(engine="streaming").row(0)
    counts = iter(int(each or 0) for each in found)
    return Profile(count if came is None else came, {name: _counted(bins, counts, count) for name, bins in over.items()})


def column(values: pl.Series, like: Column | None = None) -> Column:
    """The distribution of one column; over the bins of `like` where that is of the same type."""
    before = None if like is None else Profile(0, {values.name: like})
    return profile(values.to_frame().lazy(), [values.name], before).columns[values.name]


def shares(found: Column) -> list[float]:
    """The share of rows in each bin, and last of those without a value."""
    return [count / max(found.rows, 1) for count in (*found.counts, found.nulls)]


def distance(one: Column, other: Column) -> float:
    """The total variation distance of two distributions over the same bins: 0 where equal, 1 where they share nothing.

    Half the sum of the absolute differences of the shares (Levin, Peres: Markov Chains and Mixing Times, Prop. 4.2).
    """
    return sum(abs(a - b) for a, b in zip(shares(one), shares(other), strict=True)) / 2


def _parts(name: str, dtype: pl.DataType, bins: Column) -> Iterator[pl.Expr]:
    """How many rows have no value, then up to each edge or with each label."""
    values = pl.col(name).fill_nan(None) if dtype.is_float() else pl.col(name)
    yield values.null_count()
    yield from ((values <= edge).sum() for edge in bins.edges or ())
    texts = values if dtype == pl.String else values.cast(pl.String)
    yield from ((texts == label).sum() for label in bins.labels or ())


def _counted(bins: Column, counts: Iterator[int], rows: int) -> Column:
    nulls = next(counts)
    if bins.edges is not None:
        below = [0, *(next(counts) for _ in bins.edges), rows - nulls]
        return Column(bins.dtype, nulls, [after - before for before, after in pairwise(below)], edges=bins.edges)
    named = [next(counts) for _ in bins.labels or ()]
    return Column(bins.dtype, nulls, [*named, rows - nulls - sum(named)], labels=bins.labels)


def _bins(name: str, dtype: pl.DataType, rows: pl.LazyFrame, *, spared: bool) -> Column:
    """A column without counts: its bins alone."""
    if not has_bins(dtype) or (spared and dtype.is_numeric()):
        return Column(str(dtype), 0, [])
    values = rows.select(name).collect(engine="streaming").to_series()
    if not dtype.is_numeric():
        return Column(str(dtype), 0, [], labels=_frequent(values.drop_nulls().cast(pl.String)))
    known = (values.fill_nan(None) if dtype.is_float() else values).drop_nulls().sort()
    return Column(str(dtype), 0, [], edges=_edges(known))


def _edges(ordered: pl.Series) -> list[Number]:
    """Quantiles, with ten rows or more between two of them, to as many digits as JSON keeps: what is counted and what is written are one.

    A value of more than a tenth of the rows has a bin of its own, between two edges, and quantiles are of the others; where
    nearly every value is of one row, an edge has two digits, and is nobody's.
    """
    heavy = [
        value for value in _quantiles(ordered, BINS) if _finite(value) and (ordered == value).sum() > max(ordered.len() / BINS, FEWEST)
    ]
    around = [edge for value in dict.fromkeys(heavy) for edge in _around(value, ordered)]
    others = ordered.filter(~ordered.is_in(heavy)) if heavy else ordered
    digits = DIGITS if others.n_unique() > UNIQUE * others.len() else SIGNIFICANT
    quantiles = _quantiles(others, min(BINS - len(set(heavy)), others.len() // FEWEST))
    return sorted({*around, *(_rounded(value, digits) for value in quantiles if _finite(value))})


def _quantiles(ordered: pl.Series, parts: int) -> list[Number]:
    return [ordered[(ordered.len() - 1) * part // parts] for part in range(1, parts)] if ordered.len() else []


def _around(value: Number, ordered: pl.Series) -> list[Number]:
    """The edges below and above a value: between them, as written, lies nothing else."""
    if isinstance(value, int):
        return [value - 1, value] if ordered.lower_bound().item() < value else [value]
    step = abs(value) * 1e-7 or 1e-9
    above = _rounded(value) if _rounded(value) >= value else _rounded(value + step)
    return [edge for edge in (_rounded(value - step), above) if _finite(edge)]


def _rounded(value: Number, digits: int = SIGNIFICANT) -> Number:
    if isinstance(value, int):
        return value if digits == SIGNIFICANT else round(value, digits - len(str(abs(value))))
    return float(f"{value:.{digits}g}") + 0.0


def _finite(value: Number) -> bool:
    return isinstance(value, int) or abs(value) < float("inf")


def _frequent(texts: pl.Series) -> list[str]:
    """The labels that many rows share: what a few rows hold may be about a person, and reports lie in git."""
    counted = texts.value_counts(name=COUNT).sort([COUNT, texts.name], descending=[True, False])
    common = counted.filter(pl.col(COUNT) >= max(FEWEST, texts.len() // 100))
    return sorted(common[texts.name].head(BINS - 1).to_list())

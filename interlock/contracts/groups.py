"""The rows that break a rule about rows in common: copies, values that differ within a group, references to nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from interlock.contracts.rules import Group
from interlock.frames import ROW
from interlock.terms import Constant, Refers, Unique

Tables = Mapping[str, pl.LazyFrame]
COUNT, USUAL = "\0count", "\0usual"


def broken(group: Group, rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Those of `rows` that break the rule, with the columns that it is about; `tables` hold the valid rows of each table."""
    return FINDERS[type(group)](group, rows.select(ROW, *group.columns), tables)


def copies(rules: Sequence[Unique], rows: pl.LazyFrame) -> Iterator[tuple[Unique, pl.DataFrame]]:
    """For each rule the rows that leave as copies, with its columns: a row leaves only for one that stays, by the first such rule.

    With several rules a row may be the copy of one that is a copy itself; then those that are copies of none are looked for
    first, and the ones that they take, again and again. Where each is the copy of another the first rule decides.
    """
    if len(rules) < 2:
        yield from ((rule, broken(rule, rows, {}).collect()) for rule in rules)
        return
    columns = list(dict.fromkeys(name for rule in rules for name in rule.columns))
    alike = pl.any_horizontal(_asked(rule) & (pl.len().over(rule.columns) > 1) for rule in rules)
    unsure = rows.select(ROW, *columns).filter(alike).collect()
    gone = {rule: unsure.clear() for rule in rules}
    while not unsure.is_empty():
        later = {rule: broken(rule, unsure.lazy(), {}).select(ROW).collect()[ROW] for rule in rules}
        stay = unsure.filter(~pl.any_horizontal(pl.col(ROW).is_in(numbers.implode()) for numbers in later.values()))
        for rule in rules:
            if stay.is_empty():
                taken = unsure.filter(pl.col(ROW).is_in(later[rule].implode()))
            else:
                taken = unsure.filter(_asked(rule)).join(stay, on=rule.columns, how="semi", nulls_equal=True).join(stay, on=ROW, how="anti")
            gone[rule], unsure = pl.concat([gone[rule], taken]), unsure.join(taken, on=ROW, how="anti")
            if stay.is_empty() and taken.height:
                break
        unsure = unsure.join(stay, on=ROW, how="anti")
    yield from ((rule, gone[rule].select(ROW, *rule.columns).sort(ROW)) for rule in rules)


def _asked(rule: Unique) -> pl.Expr:
    """Whether a row can be a copy."""
    return pl.lit(True) if rule.nulls_equal else _known(rule)


def _copies(group: Unique, rows: pl.LazyFrame, _: Tables) -> pl.LazyFrame:
    asked = rows if group.nulls_equal else rows.filter(_known(group))
    if group.keep == "first":
        return asked.filter(pl.col(ROW) > pl.col(ROW).min().over(group.columns))
    return asked.filter(pl.col(ROW) < pl.col(ROW).max().over(group.columns))


def _strays(group: Constant, rows: pl.LazyFrame, _: Tables) -> pl.LazyFrame:
    """The rows with another value than the most frequent; of two as frequent the smaller one counts."""
    column, asked = group.columns[-1], rows.filter(pl.col(group.columns[-1]).is_not_null())
    counted = asked.group_by(group.columns).agg(pl.len().alias(COUNT)).sort(COUNT, column, descending=[True, False])
    usual = counted.group_by(group.by, maintain_order=True).agg(pl.col(column).first().alias(USUAL))
    joined = asked.join(usual, on=group.by, how="left", nulls_equal=True)
    return joined.filter(pl.col(column) != pl.col(USUAL)).drop(USUAL)


def _orphans(group: Refers, rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    there = tables[group.to].select(group.keys).unique()
    return rows.filter(_known(group)).join(there, left_on=group.columns, right_on=group.keys, how="anti")


def _known(group: Group) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).is_not_null() for name in group.columns)


FINDERS: dict[type, Callable[[Any, pl.LazyFrame, Tables], pl.LazyFrame]] = {Unique: _copies, Constant: _strays, Refers: _orphans}

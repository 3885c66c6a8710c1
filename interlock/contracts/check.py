"""A table held to its contract: what it lacks as a whole, and the ledger of the rows that break a rule.

Rows are read once to find those that break a rule, and only these are looked at rule by rule. Rules over groups
come after, over the rows that are left; each reads its own columns, so memory is that of the keys.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from interlock.contracts.ledger import LEDGER, less
from interlock.contracts.rules import Contract, Rule, Unique
from interlock.errors import ArtifactError
from interlock.frames import ROW


@dataclass(frozen=True)
class Checked:
    """What a check found: `broken` counts the rows by rule (in the contract's order), `ledger` names them one by one."""

    rows: int
    broken: tuple[tuple[Rule | Unique, int], ...]
    ledger: pl.DataFrame

    @property
    def quarantined(self) -> int:
        """The number of rows set aside, each counted once."""
        return self.ledger[ROW].n_unique()


def misfits(contract: Contract, found: pl.Schema) -> Iterator[str]:
    """What of a table's columns and types does not fit its contract, in words."""
    for name, dtype in contract.types.items():
        if name not in found:
            if name in contract.required:
                yield f"{contract.table}: column {name} is missing{_nearest(name, contract, found)}"
        elif found[name] != dtype:
            yield f"{contract.table}: column {name} is {found[name]}, the contract says {dtype}"
    for name in unexpected(contract, found) if contract.closed else ():
        yield f"{contract.table}: column {name} is not in the contract, which allows no others"


def unexpected(contract: Contract, found: pl.Schema) -> list[str]:
    """The columns that the contract does not know."""
    return [name for name in found if name not in contract.types and name != ROW]


def check(contract: Contract, raw: pl.LazyFrame) -> Checked:
    """Every rule of `contract` over the table `raw`, whose columns and types fit it (see `misfits`).

    Raises ArtifactError where the rows cannot be read.
    """
    try:
        return _check(contract, raw)
    except pl.exceptions.PolarsError as error:
        raise ArtifactError(f"the rows of {contract.table} cannot be read: {error}", "run: dvc repro --force ingest") from error


def _check(contract: Contract, raw: pl.LazyFrame) -> Checked:
    there = set(raw.collect_schema())
    rules = [rule for rule in contract.rules if rule.column in there]
    groups = [group for group in contract.groups if there.issuperset(group.columns)]
    rows = int(raw.select(pl.len()).collect().item())
    counts, ledger = _rows(rules, raw)
    for group in groups:
        copies = _copies(group, less(raw, ledger))
        counts.append(copies.height)
        ledger = pl.concat([ledger, copies])
    return Checked(rows, tuple(zip([*rules, *groups], counts, strict=True)), ledger.sort(ROW, "column", "rule"))


def _rows(rules: list[Rule], raw: pl.LazyFrame) -> tuple[list[int], pl.DataFrame]:
    """How many rows break each rule, and the ledger of them."""
    columns = list(dict.fromkeys([ROW, *(rule.column for rule in rules)]))
    suspects = raw.select(columns).filter(pl.any_horizontal(pl.lit(False), *(rule.breaks for rule in rules))).collect(engine="streaming")
    counts = [int(n or 0) for n in suspects.select(rule.breaks.sum().alias(str(i)) for i, rule in enumerate(rules)).row(0)] if rules else []
    broken = [_entries(suspects.filter(rule.breaks), rule, (rule.column,)) for rule, count in zip(rules, counts, strict=True) if count]
    return counts, pl.concat([LEDGER, *broken])


def _copies(group: Unique, left: pl.LazyFrame) -> pl.DataFrame:
    """The ledger of the rows that repeat the values of an earlier one."""
    later = pl.col(ROW) > pl.col(ROW).min().over(group.columns)
    return _entries(left.select(ROW, *group.columns).filter(later).collect(), group, group.columns)


def _entries(rows: pl.DataFrame, rule: Rule | Unique, columns: tuple[str, ...]) -> pl.DataFrame:
    texts = [_text(name, rows.schema[name]) for name in columns]
    value = texts[0] if len(texts) == 1 else pl.concat_str([text.fill_null("null") for text in texts], separator=", ")
    return rows.select(ROW, rule=pl.lit(rule.name), column=pl.lit(rule.column), value=value)


def _text(name: str, dtype: pl.DataType) -> pl.Expr:
    # NOTE: Polars does not cast a duration to text
    return pl.col(name).dt.to_string() if dtype == pl.Duration else pl.col(name).cast(pl.String)


def _nearest(name: str, contract: Contract, found: pl.Schema) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, unexpected(contract, found), n=1)
    return f"; it has {near[0]}" if near else ""

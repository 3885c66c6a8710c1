"""When a row is asked about, what tells it from others, and when its outcome is known."""

import re
from collections.abc import Mapping, Sequence

import polars as pl

from interlock.drafting import foreign
from interlock.drafting.columns import AVAILABLE, Column
from interlock.drafting.plan import Choices, Label
from interlock.durations import microseconds
from interlock.errors import ConfigError, listed

ASKED = (
    r"^(as_?of|asked_?(at|on)?|snapshot\w*|observation\w*|reference_date|cutoff\w*)$",
    r"^(date|day|time|timestamp|datetime|ts|dt|date_?time|when|moment|dteday)$",
    r"(order|created|request|applied|start|begin|opened|visit|purchase|booking|event|transaction|invoice|signup|measured|pickup)\w*",
)
KNOWN = re.compile(
    r"(^|_)(known|label\w*|outcome\w*|resolved|settled|matured|observed|returned|delivered|decided|closed|finished|completed)($|_)"
)
BORN = re.compile(r"birth|dob|born")
NOT_ASKED = re.compile(r"(^|_)(updated?|modified|changed|deleted|cancel\w*|expir\w*|until|end\w*)($|_)")
NEARLY, NULLS = 0.95, 0.01
DAY = 86_400_000_000


def time(label: Label, columns: Mapping[str, Column], choices: Choices) -> str | None:
    """The column of the moment at which a row is asked about; None where there is none."""
    if told := choices.told.get("time"):
        return None if told == "none" else _checked(told, columns).name
    moments = [column for column in columns.values() if column.moment and column.name != label.column.name]
    fit = [column for column in moments if column.values.null_count() <= NULLS * len(column.values) and column.distinct > 1]
    fit = [column for column in fit if not any(form.search(column.words) for form in (KNOWN, BORN, NOT_ASKED, AVAILABLE))]
    if not fit:
        hint = _undated(columns)
        choices.note(f"time: {label.table} has no moment at which a row is asked about{hint}", sure=not moments and not hint)
        return None
    ranked = sorted(fit, key=lambda column: next((n for n, form in enumerate(ASKED) if re.search(form, column.words)), len(ASKED)))
    sure = len(fit) == 1
    question = f"At which moment is a row of {label.table} asked about?"
    answer = choices.choose("time", question, ranked[0].name, [*(column.name for column in ranked), "none"], sure=sure)
    choices.note(f"time: a row is asked about at {answer}", sure=sure)
    if answer == "none":
        return None
    if hour := foreign.hour_beside(_checked(answer, columns), columns):
        choices.note(
            f"time: {answer} holds days, so a row is asked about at midnight and not at its {hour}: write both in one column", sure=False
        )
    return answer


def _undated(columns: Mapping[str, Column]) -> str:
    """What could have been a moment, were it written as one."""
    if together := foreign.apart(columns):
        return f"; {', '.join(together)} seem to tell it: write them in one column, as 2024-12-31T05:00"
    days = next((column.name for column in columns.values() if foreign.days(column)), None)
    return f"; {days} seems to hold it: write it as 2024-12-31" if days else ""


def _checked(name: str, columns: Mapping[str, Column]) -> Column:
    if name not in columns:
        raise ConfigError(f"--time {name}: there is no such column", f"there are: {listed(columns)}")
    if not columns[name].moment:
        raise ConfigError(
            f"--time {name}: it holds {columns[name].values.dtype}, no moments",
            "write them as 2024-03-01 or 2024-03-01T12:00:00Z, or: --time none",
        )
    return columns[name]


def key(label: Label, columns: Mapping[str, Column], asked: str | None, joins: Sequence[str], choices: Choices) -> tuple[str, ...]:
    """The columns that tell a row from every other, time last; empty where only its number does.

    `joins` are columns that other tables are joined by.
    """
    if told := choices.told.get("key"):
        names = tuple(part.strip() for part in told.split(","))
        if unknown := [name for name in names if name not in columns]:
            raise ConfigError(f"--key {told}: there is no column {listed(unknown)}", f"there are: {listed(columns)}")
        found = (*(name for name in names if name != asked), *([asked] if asked else []))
        if not _tells(columns, found, NEARLY):
            raise ConfigError(
                f"--key {told}: rows of {label.table} share it, or lack it", "name the columns that tell one row from every other"
            )
        return found
    fit = [column for column in columns.values() if _may_be_key(column, label, asked)]
    fit.sort(key=lambda column: (not column.named_id, column.name not in joins, not column.counting))
    ids = [column for column in fit if column.named_id or column.name in joins or column.counting]
    alone = next((column.name for column in ids if column.distinct >= NEARLY * len(column.values)), None)
    if alone:
        choices.note(f"key: {alone} tells each row of {label.table}", sure=columns[alone].unique)
        return (alone, *([asked] if asked else []))
    if asked and _tells(columns, (asked,), NEARLY):
        choices.note(f"key: {asked} tells each row of {label.table}; requests go by their number in the file", sure=False)
        return (asked,)
    if asked:
        pairs = [(column.name, asked) for column in fit]
        triples = [(one.name, two.name, asked) for number, one in enumerate(fit[:6]) for two in fit[number + 1 : 6]]
        if together := next((names for names in (*pairs, *triples) if _tells(columns, names, NEARLY)), None):
            exact = _tells(columns, together, 1.0)
            choices.note(
                f"key: {', '.join(together)} tell each row of {label.table}" + ("" if exact else "; copies are set aside"), sure=exact
            )
            return together
    choices.note(f"key: none; rows of {label.table} go by their number in the file, so new rows belong at its end", sure=False)
    return ()


def _may_be_key(column: Column, label: Label, asked: str | None) -> bool:
    return column.name not in (label.column.name, asked) and (column.text or column.whole) and not column.nullable and column.distinct > 1


def _tells(columns: Mapping[str, Column], names: Sequence[str], share: float) -> bool:
    """Whether at least the `share` of rows have values of their own in the columns `names`, and no null there."""
    frame = pl.DataFrame([columns[name].values for name in names]).drop_nulls()
    rows = len(columns[names[0]].values)
    return frame.n_unique() >= share * rows


def known(label: Label, columns: Mapping[str, Column], asked: str, key: Sequence[str], choices: Choices) -> tuple[str | None, str | None]:
    """How long after it is asked the outcome of a row is known, or the column that says when."""
    if told := choices.told.get("horizon"):
        if microseconds(told) is None:
            raise ConfigError(f"--horizon {told} is no length of time", "write a whole number and a unit, such as 30d or 12h")
        choices.note(f"horizon: outcomes are known {told} after {asked}")
        return told, None
    moments = [column for column in columns.values() if column.moment and KNOWN.search(column.words) and column.name != asked]
    for column in moments:
        if pl.DataFrame([column.values, columns[asked].values]).select((pl.col(column.name) >= pl.col(asked)).all()).item():
            choices.note(f"label time: an outcome is known at {column.name}", sure=False)
            return None, column.name
    guess = _horizon(label, columns, asked, key)
    question = f"How long after {asked} is an outcome known?"
    answer = choices.choose("horizon", question, guess)
    if microseconds(answer) is None:
        raise ConfigError(f"{answer} is no length of time", "write a whole number and a unit, such as 30d or 12h")
    choices.note(f"horizon: outcomes are taken to be known {answer} after {asked}; another: --horizon 30d", sure=False)
    return answer, None


def _horizon(label: Label, columns: Mapping[str, Column], asked: str, key: Sequence[str]) -> str:
    """From the label's name, or else the usual time from one question about an entity to the next."""
    if said := re.search(r"(\d+)_?(d|h|w)(ays?|ours?|eeks?)?($|_)", label.column.words):
        return said[1] + said[2]
    gaps = gaps_of(columns[asked].values, [columns[name].values for name in key if name != asked])
    if gaps is None or not len(gaps):
        return "1d"
    usual = int(gaps.quantile(0.25) or DAY)
    if usual >= DAY:
        return f"{min(usual // DAY, 365)}d" if usual < 28 * DAY or usual > 32 * DAY else "28d"
    return f"{max(1, usual // 3_600_000_000)}h"


def gaps_of(times: pl.Series, by: Sequence[pl.Series]) -> pl.Series | None:
    """The microseconds from each row to the next of the same entity, where they differ; None where entities have one row each."""
    frame = pl.DataFrame([times.alias("__t"), *(values.alias(f"__{n}") for n, values in enumerate(by))]).drop_nulls().sort("__t")
    step = pl.col("__t").diff()
    gaps = frame.select(step.over([f"__{n}" for n in range(len(by))]) if by else step).to_series().drop_nulls().dt.total_microseconds()
    gaps = gaps.filter(gaps > 0)
    return gaps if len(gaps) > len(times) // 10 else None

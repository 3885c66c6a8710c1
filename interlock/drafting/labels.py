"""Which column is the label, and what kind of task it makes."""

import re
from collections.abc import Mapping, Sequence

from interlock.drafting import foreign, tasks
from interlock.drafting.columns import Column
from interlock.drafting.given import Given
from interlock.drafting.plan import Choices, Label
from interlock.errors import ConfigError, listed

LIKELY = (
    r"^(label|target|y|outcome|class|response)$",
    r"(^|_)(label|target|outcome|churn\w*|default\w*|fraud\w*|survived|converted|conversion|exited|attrition|subscribed|deposit|bought|purchased|returned|clicked|failed|failure|cancelled|canceled|readmitted|diagnosis|approved|late|spam|is_\w+|will_\w+|has_\w+)($|_)",
    r"(^|_)(quality|price|sales|count|cnt|demand|amount|total|revenue|score|rating|grade|value|consumption|load|duration|yield)$",
    r"(^|_)(class|category|type|species|segment)($|_)",
)
TABLES = re.compile(r"(label|target|outcome|train|response|churn)")
CLASSES, FEWEST = 50, 100


def find(tables: Sequence[Given], columns: Mapping[str, Mapping[str, Column]], choices: Choices) -> Label:
    """The label that was told, or is guessed and asked for; raises ConfigError where there is none that can be learned."""
    told = choices.told.get("label", "")
    table, column = _told(told, columns) if told else _guessed(tables, columns, choices)
    found = columns[table][column].without_nan
    if len(found.there) < FEWEST:
        raise ConfigError(
            f"{table}.{column} has a value in {len(found.there)} rows, and a model cannot be told from luck by fewer than {FEWEST}",
            "bring more rows, or name another column by --label",
        )
    if found.distinct < 2:
        raise ConfigError(
            f"{table}.{column} has one value only ({found.there[0]!r}), so there is nothing to learn", "name another by --label"
        )
    if odd := foreign.why(found):
        raise ConfigError(f"{table}.{column} cannot be learned yet: it {odd}", "convert the file, or name another column by --label")
    if not found.usable or found.moment:
        raise ConfigError(
            f"{table}.{column} is {found.values.dtype}, which is no label", "name a column of numbers, words or truths by --label"
        )
    return tasks.made(table, found, choices)


def _told(told: str, columns: Mapping[str, Mapping[str, Column]]) -> tuple[str, str]:
    table, dot, column = told.partition(".")
    if dot and table in columns and column in columns[table]:
        return table, column
    holding = [name for name, found in columns.items() if told in found]
    if len(holding) == 1:
        return holding[0], told
    if holding:
        raise ConfigError(f"--label {told} is a column of {listed(holding)}", f"write the table before it: --label {holding[0]}.{told}")
    there = [f"{name}.{column}" for name, found in columns.items() for column in found]
    raise ConfigError(f"--label {told}: there is no such column", f"there are: {listed(there)}")


def _guessed(tables: Sequence[Given], columns: Mapping[str, Mapping[str, Column]], choices: Choices) -> tuple[str, str]:
    ranked = sorted(
        (_rank(table.name, column), -number, place, table.name, column.name)
        for place, table in enumerate(tables)
        for number, column in enumerate(columns[table.name].values())
        if _eligible(column)
    )
    if not ranked:
        raise ConfigError("no column of these tables could be a label", "name one of at least two values by --label")
    best = ranked[0]
    certain = best[0] < len(LIKELY) and (len(ranked) == 1 or ranked[1][0] > best[0])
    options = [f"{table}.{column}" for *_, table, column in ranked]
    answer = choices.choose("label", "Which column is to be predicted?", options[0], options, sure=False)
    table, _, column = answer.partition(".")
    choices.note(f"label: {answer}" + ("" if certain else ", by its name and place; another: --label TABLE.COLUMN"), sure=certain)
    return _told(f"{table}.{column}", columns)


def _rank(table: str, column: Column) -> float:
    by_name = next((number for number, form in enumerate(LIKELY) if re.search(form, column.words)), len(LIKELY))
    return by_name - (2.5 if TABLES.search(table) else 0) + (1 if column.number and not column.whole and by_name > 1 else 0)


def _eligible(column: Column) -> bool:
    return (
        column.usable and not column.moment and column.distinct > 1 and not column.personal and not column.named_id
        and not (column.text and column.distinct > CLASSES) and not foreign.why(column)
    )  # fmt: skip

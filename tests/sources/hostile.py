"""Broken and odd inputs: what each is, and the one outcome that it has. The corpus stands in `hostile_*.py`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandera.polars as pa

from interlock.errors import listed
from interlock.usecase import Utc, source

TYPES = {"id": "String", "kind": "String", "amount": "Float64", "at": "Datetime"}


@source(key="id")
class Visits(pa.DataFrameModel):
    """The small contract that the corpus is held to: a key that is not blank, a kind, an amount and a moment."""

    id: str = pa.Field(str_matches=r"\S")
    kind: str = pa.Field(isin=["login", "order"])
    amount: float = pa.Field(ge=0, le=1e6, nullable=True)
    at: Utc = pa.Field(nullable=True)


@dataclass(frozen=True)
class Accepted:
    """Read, with these very values, column by column; `note` where the values alone do not tell why that is right."""

    columns: Mapping[str, Sequence[Any]]
    note: str = ""


@dataclass(frozen=True)
class Quarantined:
    """Read, and these rows are set aside under the contract `Visits`: (source row, rule, column)."""

    rows: Sequence[tuple[int, str, str]]


@dataclass(frozen=True)
class Refused:
    """Refused by an error that says `found`, and `todo` as the next step."""

    found: str
    todo: str


@dataclass(frozen=True)
class Case:
    """One input: bytes of a file called `name`, or a function that makes it in an empty folder.

    `path` and `conf` are what conf says of the table; with `contract` it is held to `Visits` as well.
    """

    kind: str
    content: bytes | Callable[[Path], object]
    outcome: Accepted | Quarantined | Refused
    name: str = "a.csv"
    path: str = ""
    conf: Mapping[str, Any] = field(default_factory=dict)
    contract: bool = False

    def make(self, folder: Path) -> str:
        """Make the input in `folder`; the path by which conf names it."""
        if isinstance(self.content, bytes):
            (folder / self.name).write_bytes(self.content)
        else:
            self.content(folder)
        return self.path or self.name


def visits(kind: str, rows: str, outcome: Accepted | Quarantined | Refused, header: str = "id,kind,amount,at", **keys: Any) -> Case:
    """A CSV under the contract `Visits`, with its types declared."""
    return Case(kind, f"{header}\n{rows}\n".encode(), outcome, conf={"types": TYPES} | keys, contract=True)


def page(groups: Mapping[str, Sequence[Case]]) -> str:
    """The corpus as a page: every kind, its outcome, and what is said."""
    lines = [HEAD]
    for title, cases in groups.items():
        lines += [f"\n## {title}\n", "| input | outcome | what is said, or held |", "| --- | --- | --- |"]
        lines += [f"| {case.kind} | {_outcome(case.outcome)} |" for case in cases]
    return "\n".join(lines) + "\n"


def _outcome(outcome: Accepted | Quarantined | Refused) -> str:
    match outcome:
        case Accepted(columns, note):
            return f"accepted | {note or f'{listed(map(_code, columns))} as written'}"
        case Quarantined([]):
            return "accepted | no rule is broken"
        case Quarantined(rows):
            return f"quarantined | {'; '.join(_code(f'{rule} on {column}, row {row}') for row, rule, column in rows)}"
        case Refused(found, todo):
            return f"refused | {_code(found)} → {_code(todo)}"


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


HEAD = """# Hostile input

What happens to broken and odd input. Each kind has one outcome: it is **accepted** with the values that it holds, rows of it are
**quarantined** under a named rule of the contract, or it is **refused** with an error that says what was found, where, and what to
do. There is never a traceback, and nothing is dropped, cut or changed without a word. Tests make every input of this page anew and
hold it to its outcome; what is refused by the contract is refused by `validate`, all else by `ingest` and `interlock refresh`.

Bounds: a packed file may unpack to 64 MiB, or to 100 times its size where that is more; NDJSON may be nested 64 deep; dates and
moments lie in the years 1 to 9999. Messages show the first 80 characters of a value and the first 20 names of columns, and write
control characters, and others that do not show, as escapes.

Not noticed, since nothing tells them from good data: a wrong encoding that is valid UTF-8, a number or a date that is wrong but
possible, whole numbers beyond 2^53 in a column that also holds fractions (declare the type), and leading zeros of codes that read as
numbers (declare `String`)."""

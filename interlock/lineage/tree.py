"""What is told of a prediction: everything behind it, as data that a terminal, a page and a program show alike.

Times are ISO 8601 in UTC where they are text, and as the column has them where they are a value of the data.
"""

from typing import Any

import msgspec


class Told(msgspec.Struct, frozen=True):
    """The base of what is told."""


class Unreached(Told, frozen=True):
    """A part that could not be reached: what, why, and how to get it."""

    what: str
    why: str
    todo: str


class Commit(Told, frozen=True):
    hash: str
    author: str
    date: str
    subject: str


class Code(Told, frozen=True):
    """The lines that declare something at a commit, and who last changed them, in which commit and when."""

    path: str
    first: int
    last: int
    text: str
    commit: str
    author: str
    date: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.first}" + ("" if self.first == self.last else f"-{self.last}")


class Row(Told, frozen=True):
    """A row that counted: `row` is its number in its source at the commit; one that came as an event has its `position` in the log."""

    row: int | None
    position: int | None
    id: str
    time: str
    seen: str
    values: dict[str, Any]


class Rows(Told, frozen=True):
    """The rows that a feature read: how many of which table, the first of them, and whether they alone give the recorded value.

    `history` is empty for a lookup, which reads one row of a reference; `through` are the references that the history looks up.
    """

    table: str
    history: str
    count: int
    shown: tuple[Row, ...]
    agree: bool | None
    through: tuple[str, ...] = ()


class Feature(Told, frozen=True):
    """A feature of the request; a private one has no recorded value, but the one that it is computed to have."""

    name: str
    kind: str
    dtype: str
    value: Any
    recorded: bool
    description: str
    unit: str
    logic: str
    reads: tuple[str, ...]
    rows: Rows | None
    code: Code | None

    @property
    def public(self) -> bool:
        return not self.name.startswith("_")


class Origin(Told, frozen=True):
    """A source row that the request was made from; `by` says how that is known: `events.py` kept its number, or the `key` agrees."""

    table: str
    row: int
    by: str


class Model(Told, frozen=True):
    """The release that made the prediction; `metrics` and `gates` are of its commit and bundle, `released` and `by` of its tag."""

    tag: str
    commit: str
    bundle: str
    released: str = ""
    by: str = ""
    verdict: str = ""
    metrics: dict[str, Any] = {}
    gates: tuple[dict[str, Any], ...] = ()
    waivers: tuple[dict[str, Any], ...] = ()
    champion: str | None = None
    comparison: dict[str, Any] | None = None


class Table(Told, frozen=True):
    """A source: where it came from and by which pin, its licence and owner, its hashes, and the rows of it that were shown, in place."""

    name: str
    description: str
    licence: str
    owner: str
    source: dict[str, Any]
    pin: dict[str, Any]
    raw: str
    quarantine: str
    rows: dict[int, dict[str, Any]]


class Trace(Told, frozen=True):
    """A prediction and everything behind it; of an erased one only its id and place are left."""

    id: str
    position: int
    erased: bool
    made: str = ""
    channel: str = ""
    usecase: str = ""
    request: dict[str, Any] = {}
    origins: tuple[Origin, ...] = ()
    origin: str = ""
    scores: dict[str, float] = {}
    snapshot: dict[str, Any] = {}
    watermarks: dict[str, str | None] = {}
    features: tuple[Feature, ...] = ()
    differ: tuple[str, ...] = ()
    model: Model | None = None
    commit: Commit | None = None
    data: dict[str, dict[str, str]] = {}
    tables: tuple[Table, ...] = ()
    unreached: tuple[Unreached, ...] = ()

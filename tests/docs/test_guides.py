"""The guide to features is true: its blocks are run in order, its values and messages compared, its list of operations made here."""

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from interlock import files, frames, loading, usecase
from interlock.contracts import ledger
from interlock.errors import InterlockError
from interlock.features import requests
from interlock.features.expectations import enforce
from interlock.features.operations import BINARY, FUNCTIONS
from interlock.features.places import declarations
from interlock.features.sample import every_request
from interlock.notebook import Project, inside

GUIDE = Path(__file__).parents[2] / "docs/guides/features.md"
FEATURES = "usecases/shop/features.py"
BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: (?P<name>[^\n]+))?\n(?P<text>.*?)^```\n(?:\n(?P<table>(?:\|[^\n]*\n)+))?", re.MULTILINE | re.DOTALL
)
OPERATIONS = re.compile(r"<!-- operations -->\n(.*?)<!-- /operations -->", re.DOTALL)
NAMED = {
    "neg": "-x",
    "not_": "~x",
    "dt.epoch": "dt.timestamp",
    "str.replace": "str.replace(_all)",
    "str.strptime": "str.to_datetime, str.to_date",
}


class Block(NamedTuple):
    """A fenced block with what its first line says, and the table that follows it."""

    language: str
    name: str
    text: str
    table: str


def blocks(text: str) -> list[Block]:
    return [Block(*(found[part] or "" for part in Block._fields)) for found in BLOCK.finditer(text)]


def written(folder: Path, found: list[Block]) -> Path:
    """A project of the guide's files and tables, its features.py apart."""
    for block in found:
        if block.language == "python" and block.name.endswith(".py") and block.name != FEATURES:
            files.write_text(folder / block.name, block.text)
    files.write_json(folder / "params.yaml", {"usecase": {"name": "shop"}})
    (folder / "dvc.yaml").touch()
    csv = {block.name: block.text for block in found if block.language == "csv"}
    with inside(folder):
        tables = usecase.load_schema("shop").tables
        assert set(csv) == set(tables)
        for name, table in tables.items():
            frames.write(_typed(csv[name], table.types), ledger.RAW / f"{name}.parquet")
        ledger.write(dict.fromkeys(tables, ledger.LEDGER))
    return folder


def _typed(text: str, types: dict[str, pl.DataType]) -> pl.DataFrame:
    times = [name for name, dtype in types.items() if isinstance(dtype, pl.Datetime)]
    table = pl.read_csv(StringIO(text), schema_overrides={**types, **dict.fromkeys(times, pl.String)})
    read = pl.col(times).str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", time_zone="UTC")
    return table.with_columns(read).with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(frames.ROW))


def told(folder: Path, found: list[Block]) -> Iterator[tuple[Block, str]]:
    """Each block of features.py after the imports, with the table of the features that it declares for every request."""
    imports, *declaring = (block for block in found if block.name == FEATURES)
    text, known = imports.text, set(Project(folder).requests().columns)
    for block in declaring:
        text = f"{text}\n{block.text}"
        (folder / FEATURES).write_text(text)
        values = Project(folder).features()
        new = [name for name in values.columns if name not in known]
        known |= set(new)
        yield block, table(values.sort("visit").select("visit", *new))


def table(values: pl.DataFrame) -> str:
    """A frame as a table of Markdown."""
    rows = [values.columns, ["---"] * values.width, *(map(cell, row) for row in values.iter_rows())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def cell(value: Any) -> str:
    return "null" if value is None else str(value)


def message(folder: Path, imports: str, mistake: str) -> str:
    """How a features.py with a mistake fails, on load or on the rows."""
    (folder / FEATURES).write_text(f"{imports}\n{mistake}")
    with inside(folder):
        try:
            enforce(declarations("shop").declared, Project(folder).features())
        except InterlockError as error:
            return f"{error}\n"
    return "no mistake\n"


def listed() -> str:
    """The row-wise operations in groups, as the guide lists them."""
    plain = [name for name, function in FUNCTIONS.items() if not function.method]
    names = [NAMED.get(name, name) for name in FUNCTIONS]
    groups = {
        "between two columns": [operation.sign for operation in BINARY.values()],
        "of a column": [*(name for name in names if "." not in name and name not in plain), "cast"],
        "of several columns": [*(f"pl.{name}" for name in plain), "pl.when", "pl.lit"],
        "of text": [name for name in names if name.startswith("str.")],
        "of times": [name for name in names if name.startswith("dt.")],
    }
    return "\n" + "".join(f"- **{group}**: {', '.join(f'`{name}`' for name in found)}\n" for group, found in groups.items()) + "\n"


@pytest.fixture(scope="module")
def guide() -> list[Block]:
    return blocks(GUIDE.read_text(encoding="utf-8"))


@pytest.fixture
def shop(guide: list[Block], tmp_path: Path) -> Path:
    return written(tmp_path / "shop", guide)


def test_examples_give_the_values_that_the_guide_shows(guide: list[Block], shop: Path) -> None:
    """Every block of features.py, run in order, declares features whose values for all visits are the table below it."""
    for block, expected in told(shop, guide):
        assert block.table == expected, f"{block.text}\ngives\n\n{expected}"


def test_mistakes_give_the_messages_that_the_guide_shows(guide: list[Block], shop: Path) -> None:
    """Each mistake, alone in a features.py after the imports, is refused with exactly the message below it."""
    imports = next(block.text for block in guide if block.name == FEATURES)
    for number, block in enumerate(guide):
        if block.name == "mistake":
            expected = message(shop, imports, block.text)
            assert guide[number + 1][:3] == ("text", "", expected), f"{block.text}\ngives\n\n```text\n{expected}```"


def test_operations_are_those_of_the_walker() -> None:
    """The guide lists the operations that an expression may use, all of them and no others."""
    found = OPERATIONS.search(GUIDE.read_text(encoding="utf-8"))
    assert found
    assert found[1] == listed(), listed()


def test_outcomes_of_the_guide_can_be_made(guide: list[Block], shop: Path) -> None:
    """The guide's events.py gives every visit an outcome."""
    del guide
    with inside(shop):
        schema, asked = usecase.load_schema("shop"), every_request("shop")
        tables = {name: ledger.valid(name) for name in schema.tables}
        made = requests.outcomes(loading.load("shop", "events"), schema, tables, asked)
    assert made["bought"].to_list() == [False] * 4

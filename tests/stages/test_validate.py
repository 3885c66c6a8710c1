"""The stage that holds the raw tables to their contracts."""

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import frames, params
from interlock.contracts import accepted, ledger, reader
from interlock.errors import ArtifactError, ContractError, DeclarationError, InterlockError
from interlock.files import read_json
from interlock.usecase import load_schema
from stages import validate

ROOT = Path(__file__).parents[2]
SCHEMA = """
import pandera.polars as pa
from interlock.terms import rows, severity, stable
from interlock.usecase import Utc, reference, request, source

@source(key="number")
class Orders(pa.DataFrameModel):
    number: int
    amount: float = pa.Field(ge=0, nullable=True)
    placed: Utc

@reference(by="shop", fixed=["town"])
class Shops(pa.DataFrameModel):
    shop: str
    town: str = pa.Field(isin=["Basel", "Bern"])
    class Config:
        strict = True

@request(by="number", as_of=None)
class Request(pa.DataFrameModel):
    number: int
"""
TYPES = [
    pl.Int64(),
    pl.Int8(),
    pl.Float64(),
    pl.String(),
    pl.Boolean(),
    pl.Datetime("us", "UTC"),
    pl.Datetime("us"),
    pl.List(pl.Int8()),
    pl.Null(),
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with the use case `shop` and raw tables that fit it, but for one order of the hundred."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "usecases/shop").mkdir(parents=True)
    (tmp_path / "usecases/shop/schema.py").write_text(SCHEMA)
    (tmp_path / "params.yaml").write_text("usecase: {name: shop, world: {name: full}}\n")
    params.read_yaml.cache_clear()
    _orders()
    _write("shops", shop=["a", "b"], town=["Basel", "Bern"])
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    params.read_yaml.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "usecases"]:
        del sys.modules[name]


def _schema(project: Path, text: str) -> None:
    """Another schema.py, as the next process would load it."""
    (project / "usecases/shop/schema.py").write_text(text)
    for name in [name for name in sys.modules if name.split(".")[0] == "usecases"]:
        del sys.modules[name]
    importlib.invalidate_caches()


def _write(table: str, **columns: Any) -> None:
    frame = pl.DataFrame(columns)
    frames.write(frame.with_columns(source_row=pl.int_range(pl.len(), dtype=pl.Int64)), ledger.RAW / f"{table}.parquet")


def _orders(**changed: Any) -> None:
    moment = pl.Series(["2013-01-01"] * 100).str.to_datetime(time_unit="us", time_zone="UTC")
    _write("orders", **({"number": range(100), "amount": [1.0] * 99 + [-1.0], "placed": moment} | changed))


def _told() -> Any:
    return read_json(validate.REPORT)["tables"]


def test_the_stage_sets_bad_rows_aside_and_reports_them(project: Path) -> None:
    """Each table has a ledger, also an empty one; the report counts rows in, used and set aside, and gives examples."""
    validate.main()
    assert frames.read(project / "data/quarantine/orders.parquet").rows() == [(99, "greater_than_or_equal_to(0)", "amount", "-1.0")]
    assert frames.read(project / "data/quarantine/shops.parquet").equals(ledger.LEDGER)
    assert {name: (table["rows"], table["used"], table["quarantined"]) for name, table in _told().items()} == {
        "orders": (100, 99, 1),
        "shops": (2, 2, 0),
    }
    rule = next(rule for rule in _told()["orders"]["rules"] if rule["rows"])
    assert rule == {
        "rule": "greater_than_or_equal_to(0)",
        "column": "amount",
        "severity": "quarantine",
        "tolerated": 0.05,
        "rows": 1,
        "share": 0.01,
        "verdict": "pass",
        "examples": [{"row": 99}],
    }
    assert ledger.valid("orders").select(pl.len()).collect().item() == 99


def test_the_same_tables_give_the_same_bytes(project: Path) -> None:
    """Run twice, the stage writes the same files."""
    written = []
    for _ in range(2):
        validate.main()
        written.append({path: path.read_bytes() for folder in ("data/quarantine", "reports") for path in (project / folder).iterdir()})
    assert written[0] == written[1]


def test_keys_are_never_null_and_never_twice(project: Path) -> None:
    """A null in a key and the second copy of one are set aside, each by its rule."""
    _orders(number=[None, 1, 1, *range(3, 100)], amount=[1.0] * 100)
    validate.main()
    assert frames.read(project / "data/quarantine/orders.parquet").rows() == [
        (0, "not_nullable", "number", None),
        (2, "field_uniqueness", "number", "1"),
    ]


def test_a_mended_rule_takes_its_rows_back(project: Path) -> None:
    """What a wrong rule set aside is used again on the next run, without a step by hand."""
    validate.main()
    assert ledger.valid("orders").collect().height == 99
    _schema(project, SCHEMA.replace("amount: float = pa.Field(ge=0,", "amount: float = pa.Field(ge=-1,"))
    validate.main()
    assert ledger.valid("orders").collect().height == 100
    assert frames.read(project / "data/quarantine/orders.parquet").equals(ledger.LEDGER)
    assert [rule["rows"] for rule in _told()["orders"]["rules"]] == [0] * len(_told()["orders"]["rules"])


def test_a_warning_is_said_and_stops_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rows that break a rule that warns stay; the run says which, and what to do, and the report has the same words."""
    term = 'severity("amount", "greater_than_or_equal_to", "warn")'
    _schema(project, SCHEMA.replace('key="number"', f'key="number", rules=[{term}]'))
    validate.main()
    assert ledger.valid("orders").collect().height == 100
    told = read_json(validate.REPORT)
    assert told["verdict"] == "warn"
    (finding,) = told["findings"]
    assert finding == {
        "severity": "warn",
        "table": "orders",
        "rule": "greater_than_or_equal_to(0)",
        "column": "amount",
        "rows": 1,
        "found": "orders: 1 of 100 rows break greater_than_or_equal_to(0) on amount (1 %, 0 % may), as in source row 99",
        "todo": "mend the source, or say in usecases/shop/schema.py what is true of it, and run: make",
    }
    assert capsys.readouterr().out == f"warn: {finding['found']}\n  → {finding['todo']}\n"


def test_nothing_accepted_yet_is_one_warning(project: Path) -> None:
    """Two distributions to compare and no profile: the run goes on, and names the command, once."""
    terms = 'stable("amount", at_most=0.1), stable("number", at_most=0.1), rows(shrink=0)'
    _schema(project, SCHEMA.replace('key="number"', f'key="number", rules=[{terms}]'))
    validate.main()
    (finding,) = read_json(validate.REPORT)["findings"]
    assert (finding["severity"], finding["rule"], finding["table"]) == ("warn", "accepted", "orders")
    assert finding["todo"].endswith("run: interlock refresh --accept")


def test_a_source_that_is_to_shrink_by_nothing_is_compared_with_the_rows_that_came(project: Path) -> None:
    """A row of a hundred is set aside, and a hundred must come again: 99 are too few; until one is accepted a warning says that nothing is compared."""
    _schema(project, SCHEMA.replace('key="number"', 'key="number", rules=[rows(shrink=0)]'))
    validate.main()
    (finding,) = read_json(validate.REPORT)["findings"]
    assert (finding["severity"], finding["rule"], finding["table"]) == ("warn", "accepted", "orders")
    accepted.accept("shop", "full", [reader.read(table) for table in load_schema("shop").tables.values()])
    validate.main()
    assert read_json(validate.REPORT)["verdict"] == "pass"
    _orders(number=range(99), amount=[1.0] * 99, placed=[datetime(2013, 1, 1, tzinfo=UTC)] * 99)
    with pytest.raises(ContractError, match="orders: 99 rows, at least 100 are expected, the accepted snapshot had 100"):
        validate.main()


@pytest.mark.usefixtures("project")
def test_the_report_has_the_distribution_of_each_column() -> None:
    """Shares of the rows in use, beside those that were accepted, and how far apart the two are."""
    validate.main()
    accepted.accept("shop", "full", [reader.read(table) for table in load_schema("shop").tables.values()])
    _orders(amount=[1.0] * 89 + [None] * 10 + [-1.0])
    validate.main()
    columns = {column["column"]: column for column in _told()["orders"]["columns"]}
    amount = columns["amount"]
    assert amount["nulls"] == pytest.approx(10 / 99)
    assert [bin_["share"] for bin_ in amount["bins"]] == pytest.approx([0, 89 / 99, 0])
    assert amount["accepted"] == [0, 1, 0]
    assert amount["effect"] == pytest.approx(10 / 99)
    assert columns["number"]["effect"] == 0
    assert all(len(column["bins"]) <= 20 for column in columns.values())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"number": [str(n) for n in range(100)]}, "orders: column number is String, the contract says Int64"),
        ({"placed": [None] * 100}, "orders: column placed is Null, the contract says Datetime"),
        ({"amount": [-1.0] * 100}, "orders: 100 of 100 rows break greater_than_or_equal_to.* on amount"),
        ({"number": pl.Series([], dtype=pl.Int64), "amount": pl.Series([], dtype=pl.Float64)}, "orders has no rows"),
    ],
)
def test_a_table_that_is_unfit_stops_the_run_with_everything_told(project: Path, changed: dict[str, Any], said: str) -> None:
    """A wrong type, too many bad rows or none at all: the error names the table and the finding, and so does the report."""
    if "no rows" in said:
        changed |= {"placed": pl.Series([], dtype=pl.Datetime("us", "UTC"))}
    _orders(**changed)
    with pytest.raises(ContractError, match=said):
        validate.main()
    told = read_json(validate.REPORT)
    assert told["verdict"] == told["findings"][0]["severity"] == "fail"
    assert re.search(said, told["findings"][0]["found"])
    table, ledger_rows = told["tables"]["orders"], frames.read(project / "data/quarantine/orders.parquet")
    assert table["used"] + table["quarantined"] == (table["rows"] if table["rules"] else 0)
    assert table["quarantined"] == ledger_rows["source_row"].n_unique()


def test_findings_of_all_tables_come_in_one_error(project: Path) -> None:
    """A renamed column and a column too many, in two tables: both are told, with the name it may have now."""
    _write("orders", numbr=[1], amount=[1.0], placed=pl.Series(["2013"]).str.to_datetime("%Y", time_unit="us", time_zone="UTC"))
    _write("shops", shop=["a"], town=["Bern"], street=["x"])
    with pytest.raises(ContractError) as raised:
        validate.main()
    assert raised.value.found.splitlines()[1:] == [
        "  • orders: column number is missing; it has numbr",
        "  • shops: column street is not in the contract, which allows no others",
    ]
    assert (project / "data/raw").exists()


def test_a_renamed_table_is_refused_by_both_its_names(project: Path) -> None:
    """conf and schema.py name the same tables, or the run stops and says which is where."""
    (project / "data/raw/orders.parquet").rename(project / "data/raw/sales.parquet")
    with pytest.raises(DeclarationError, match="orders has a contract and no data; sales has data and no contract"):
        validate.main()


def test_a_truncated_table_is_a_damaged_artifact(project: Path) -> None:
    """Half a Parquet file is refused with its path."""
    path = project / "data/raw/orders.parquet"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ArtifactError, match=r"data/raw/orders.parquet is not readable Parquet"):
        validate.main()


def test_the_process_ends_with_the_code_of_a_broken_contract(project: Path) -> None:
    """`python -m stages.validate` exits 5 with the findings on standard error, and with no traceback."""
    _orders(amount=[-1.0] * 100)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-m", "stages.validate"], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 5
    assert ended.stderr.startswith("error: the data break their contract\n  • orders: 100 of 100 rows break")
    assert "Traceback" not in ended.stderr


@st.composite
def _frames(draw: st.DrawFn, columns: Mapping[str, Any]) -> pl.DataFrame:
    """A few rows that fit, or a column less, one more, or one of a type that nobody expects."""
    types = dict(columns)
    match draw(st.sampled_from(["fits", "fits", "less", "more", "other"])):
        case "less":
            del types[draw(st.sampled_from(sorted(types)))]
        case "more":
            types[draw(st.sampled_from(["Number", "a, b", "rule", ""]))] = draw(st.sampled_from(TYPES))
        case "other":
            types[draw(st.sampled_from(sorted(types)))] = draw(st.sampled_from(TYPES))
    rows = draw(st.integers(0, 60))
    series = [pl.Series(name, [draw(_values(dtype)) for _ in range(min(rows, 3))], dtype=dtype) for name, dtype in types.items()]
    few = pl.DataFrame(series)
    return (
        few[[row % few.height for row in range(rows)]].with_row_index("source_row").cast({"source_row": pl.Int64})
        if rows
        else _numbered(few)
    )


def _numbered(empty: pl.DataFrame) -> pl.DataFrame:
    return empty.with_columns(pl.Series("source_row", [], dtype=pl.Int64))


def _values(dtype: pl.DataType) -> st.SearchStrategy[Any]:
    kinds = {
        pl.Float64: st.floats(),
        pl.String: st.sampled_from(["a", "Bern", ""]),
        pl.Boolean: st.booleans(),
        pl.Int64: st.integers(-(2**63), 2**63 - 1),
    }
    return st.none() | kinds.get(type(dtype), st.none())


@pytest.mark.usefixtures("project")
def test_no_frame_ends_in_a_traceback() -> None:
    """Whatever the columns, types and rows of the tables: a report is made in which every row is counted."""
    contracts = {name: reader.read(table) for name, table in load_schema("shop").tables.items()}
    asked = []

    @given(_frames(contracts["orders"].types), _frames(contracts["shops"].types))
    def holds(orders: pl.DataFrame, shops: pl.DataFrame) -> None:
        with suppress(InterlockError):
            raw = {"orders": orders.lazy(), "shops": shops.lazy()}
            ledgers, told = validate.validate(contracts, raw, {}, "full", "shop")
            for table in told["tables"].values():
                assert table["used"] + table["quarantined"] == (table["rows"] if table["rules"] else 0)
            assert all(told["tables"][name]["quarantined"] == entries["source_row"].n_unique() for name, entries in ledgers.items())
            assert (told["verdict"] == "pass") == (not told["findings"])
            asked.append(all(table["rules"] for table in told["tables"].values()))

    holds()
    assert asked.count(True) > 10

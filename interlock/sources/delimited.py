"""CSV: the rows of a text file, read so that none is lost, joined or padded without a word."""

import csv
import io

import polars as pl
from polars.exceptions import NoDataError, PolarsError

from interlock.errors import SourceError
from interlock.sources.spec import Table

RAGGED = "more fields than defined"
ENCODING = "save the file as UTF-8"


def parse(name: str, data: bytes, spec: Table) -> pl.DataFrame:
    """The table in `data`: declared columns as text, the others of the type that all their values have."""
    separator = spec.separator or ("\t" if ".tsv" in name.lower() else ",")
    header = _header(name, data, separator)
    declared = {column: pl.String for column in header if column in spec.types or column in spec.zones}
    try:
        frame = pl.read_csv(
            data, separator=separator, schema_overrides=declared, null_values=spec.nulls or None,
            infer_schema=len(declared) < len(header), infer_schema_length=None,
        )  # fmt: skip
    except (PolarsError, pl.exceptions.PanicException) as error:
        raise _explained(name, data, separator, len(header), error) from error
    if data.count(separator.encode()) != _separators(frame, data, separator):
        raise _ragged(name, data, separator, len(header))
    return frame


def _header(name: str, data: bytes, separator: str) -> list[str]:
    try:
        columns = pl.read_csv(data, separator=separator, has_header=False, n_rows=1, infer_schema=False).row(0)
    except NoDataError as error:
        raise SourceError(f"{name} is empty", "put the whole file there") from error
    except (PolarsError, pl.exceptions.PanicException) as error:
        raise SourceError(f"{name}: the header cannot be read ({_first(error)})", ENCODING) from error
    header = [column or "" for column in columns]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or any("\0" in column or "\ufffd" in column for column in header):
        raise SourceError(f"{name}: the header is not UTF-8 text", ENCODING)
    if any("\r" in column for column in header):
        raise SourceError(f"{name}: lines end with a carriage return alone", "convert the line ends to \\n")
    if twice := next((column for column in header if header.count(column) > 1 or not column), None):
        raise SourceError(f"{name}: the column {twice} occurs twice in the header", "give each column its own name")
    if not all(header):
        raise SourceError(f"{name}: column {header.index('') + 1} has no name in the header", "give each column its own name")
    return header


def _separators(frame: pl.DataFrame, data: bytes, separator: str) -> int:
    """How many separators the file holds if every row has a field for every column."""
    between = (frame.height + 1) * (frame.width - 1)
    if b'"' not in data:
        return between
    text = [pl.col(column).str.count_matches(separator, literal=True).sum() for column, kind in frame.schema.items() if kind == pl.String]
    inside = frame.select(text).row(0) if text else ()
    return between + sum(count or 0 for count in inside) + sum(column.count(separator) for column in frame.columns)


def _explained(name: str, data: bytes, separator: str, width: int, error: BaseException) -> SourceError:
    text = str(error)
    if "utf-8" in text.lower():
        return _not_utf8(name, data)
    if RAGGED in text:
        return _ragged(name, data, separator, width)
    return SourceError(f"{name} cannot be read ({_first(error)})", "mend the file, or declare the types of its columns in conf/usecase/")


def _not_utf8(name: str, data: bytes) -> SourceError:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line, value = data.count(b"\n", 0, error.start) + 1, data[max(0, error.start - 10) : error.start + 10]
        return SourceError(f"{name}: line {line} is not UTF-8, near {value!r}", ENCODING)
    return SourceError(f"{name} is not UTF-8 text", ENCODING)


def _ragged(name: str, data: bytes, separator: str, width: int) -> SourceError:
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline=""), delimiter=separator)
    short = ((rows.line_num, len(row)) for row in rows if len(row) != width)
    line, fields = next(short, (0, 0))
    where = f"line {line} has {fields} fields, the header has {width}" if line else f"a row has other than {width} fields"
    return SourceError(f"{name}: {where}", "mend the line, or put the whole file there if it was cut short")


def _first(error: BaseException) -> str:
    return str(error).partition("\n")[0]

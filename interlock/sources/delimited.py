"""CSV: the rows of a text file, read so that none is lost, joined or padded without a word."""

import csv
import io

import polars as pl
from polars.exceptions import PolarsError

from interlock.errors import SourceError
from interlock.sources.spec import Table

ENCODING = "save the file as UTF-8"
WHOLE = "mend the line, or put the whole file there if it was cut short"
UNREADABLE = (PolarsError, pl.exceptions.PanicException)


def parse(name: str, data: bytes, spec: Table) -> pl.DataFrame:
    """The table in `data`: declared columns as text, the others of the type that all their values have."""
    separator = spec.separator or ("\t" if ".tsv" in name.lower() else ",")
    data = data if data.endswith(b"\n") else data + b"\n"  # NOTE: without it, Polars drops a surplus field at the very end
    header = _header(name, data, separator)
    declared = {column: pl.String for column in header if column in spec.types or column in spec.zones}
    try:
        frame = pl.read_csv(
            data, separator=separator, schema_overrides=declared, null_values=spec.nulls or None,
            infer_schema=len(declared) < len(header), infer_schema_length=None,
        )  # fmt: skip
    except UNREADABLE as error:
        raise _explained(name, data, separator, len(header), error) from error
    if frame.columns != header or data.count(separator.encode()) != _separators(frame, data, separator) or data.count(b'"') % 2:
        raise _ragged(name, data, separator, len(header))
    return frame


def _header(name: str, data: bytes, separator: str) -> list[str]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise SourceError(f"{name} is UTF-16", ENCODING)
    if b"\r" in data and b'"' not in data and data.count(b"\r") != data.count(b"\r\n"):
        raise SourceError(f"{name}: lines end with a carriage return alone", "convert the line ends to \\n")
    try:
        header = next(csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline=""), delimiter=separator), [""])
    except UnicodeDecodeError as error:
        raise _not_utf8(name, data) from error
    except csv.Error as error:
        raise SourceError(f"{name}: the header cannot be read ({error})", WHOLE) from error
    if "" in header:
        raise SourceError(f"{name}: column {header.index('') + 1} has no name in the header", "give each column its own name")
    if twice := next((column for column in header if header.count(column) > 1), None):
        raise SourceError(f"{name}: column {twice} occurs twice in the header", "give each column its own name")
    if odd := next((column for column in header if not column.isprintable()), None):
        raise SourceError(f"{name}: the header is not text: {odd!r}", f"{ENCODING}, with line ends \\n")
    return header


def _separators(frame: pl.DataFrame, data: bytes, separator: str) -> int:
    """How many separators the file holds if every row has a field for every column: Polars fills up short rows."""
    between = (frame.height + 1) * (frame.width - 1)
    if b'"' not in data:
        return between
    text = [pl.col(column).str.count_matches(separator, literal=True).sum() for column, kind in frame.schema.items() if kind == pl.String]
    inside = frame.select(text).row(0) if text else ()
    return between + sum(count or 0 for count in inside) + sum(column.count(separator) for column in frame.columns)


def _explained(name: str, data: bytes, separator: str, width: int, error: BaseException) -> SourceError:
    text = str(error).lower()
    if "utf-8" in text:
        return _not_utf8(name, data)
    if "more fields" in text or "malformed" in text or "escaped" in text:
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
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline=""), delimiter=separator, strict=True)
    try:
        line, fields = next((rows.line_num, len(row)) for row in rows if len(row) != width)
    except (csv.Error, StopIteration):
        return SourceError(f"{name}: line {rows.line_num} or one before it has a quote that is not closed, or inside a field", WHOLE)
    return SourceError(f"{name}: line {line} has {fields} fields, the header has {width}", WHOLE)


def _first(error: BaseException) -> str:
    return str(error).partition("\n")[0]

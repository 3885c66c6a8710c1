"""Hostile CSV: encodings, line ends, rows and headers."""

from tests.sources.hostile import Accepted, Case, Quarantined, Refused, visits

GOOD = Accepted({"a": [1], "b": ["é"]})
UTF8 = "save the file as UTF-8"
WHOLE = "mend the line, or put the whole file there"
NAME = "give each column its own name"
TWO = Accepted({"a": [1, 3], "b": ["x", "y"]})
DECLARED = {"types": {"id": "String"}}

ENCODINGS = [
    Case("UTF-8 with a byte order mark", "\ufeffa,b\n1,é\n".encode(), Accepted(GOOD.columns, "the first column is `a`, without the mark")),
    Case("UTF-8 with two byte order marks", "\ufeff\ufeffa,b\n1,é\n".encode(), Refused(r"the header is not text: '\ufeffa'", UTF8)),
    Case("UTF-16 with a byte order mark", "a,b\n1,é\n".encode("utf-16"), Refused("is UTF-16", UTF8)),
    Case("UTF-16, big-endian, with a mark", "\ufeffa,b\n1,é\n".encode("utf-16-be"), Refused("is UTF-16", UTF8)),
    Case("UTF-16 without a mark", "a,b\n1,x\n".encode("utf-16-le"), Refused(r"the header is not text: 'a\x00'", UTF8)),
    Case("Latin-1", "a,b\n1,é\n".encode("latin-1"), Refused("line 2 is not UTF-8, near", UTF8)),
    Case("Windows-1252", "a,b\n1,“€”\n".encode("cp1252"), Refused("line 2 is not UTF-8, near", UTF8)),
    Case("UTF-8 with one invalid byte", b"a,b\n1,x\n2,\xff\n", Refused("line 3 is not UTF-8, near", UTF8)),
    Case("a surrogate in UTF-8", b"a\n\xed\xa0\x80\n", Refused("line 2 is not UTF-8, near", UTF8)),
    Case("a NUL byte in a value", b"a,b\n1,x\0y\n", Refused("line 2 holds a NUL byte", "put the whole file there")),
    Case("an end of NUL bytes, after a crash", b"a\n1\n" + bytes(50), Refused("line 3 holds a NUL byte", "put the whole file there")),
]  # fmt: skip
LINES = [
    Case("line ends of CR LF", b"a,b\r\n1,x\r\n3,y\r\n", TWO),
    Case("line ends of LF and CR LF mixed", b"a,b\r\n1,x\n3,y\r\n", TWO),
    Case("no line end after the last row", b"a,b\n1,x\n3,y", TWO),
    Case("line ends of CR alone", b"a,b\r1,x\r3,y\r", Refused("lines end with a carriage return alone", "convert the line ends")),
    Case("line ends of CR alone, with quotes", b'a\n"x"\r"y"\n', Refused("lines end with a carriage return alone", "convert the line ends")),
    Case("a CR alone within quotes", b'a,b\n1,"x\ry"\n', Accepted({"a": [1], "b": ["x\ry"]})),
    Case("a line end within quotes", b'a,b\n1,"x\ny"\n', Accepted({"a": [1], "b": ["x\ny"]})),
    Case("an empty file", b"", Refused("a.csv is empty", "put the whole file there")),
    Case("a file of line ends", b"\n\n\n", Refused("the first line is empty", "begin the file with the names")),
    Case("a file of blanks", b"   \n  \n", Refused("column 1 has no name in the header", NAME)),
    Case("a header without rows", b"a,b\n", Refused("no rows", "put the whole file there")),
    Case("one row", b"a,b\n1,x\n", Accepted({"a": [1], "b": ["x"]})),
]  # fmt: skip
ROWS = [
    Case("a row too short", b"a,b\n1,x\n3\n", Refused("line 3 has 1 fields, the header has 2", WHOLE)),
    Case("a row too long", b"a,b\n1,x\n3,y,z\n", Refused("line 3 has 3 fields, the header has 2", WHOLE)),
    Case("a row too short after a field of a million characters", b"a,b\n" + b"x" * 1_000_000 + b",1\n3\n", Refused("line 3 has 1 fields, the header has 2", WHOLE)),
    Case("an empty line between rows", b"a,b\n1,x\n\n3,y\n", Refused("line 3 has 0 fields, the header has 2", WHOLE)),
    Case("a separator after each row", b"a,b\n1,x,\n3,y,\n", Refused("line 2 has 3 fields, the header has 2", WHOLE)),
    Case("semicolons where commas should be", b"a;b\n1;x\n", Refused("has one column, 'a;b'", "if ';' stands between columns, declare it")),
    Case("semicolons, with decimal commas", b"a;b\n1,5;2,5\n", Refused("has one column, 'a;b'", "if ';' stands between columns")),
    Case("a semicolon in the one name, with the separator declared", b"a;b\n1\n", Accepted({"a;b": [1]}, "one column, `a;b`"), conf={"separator": ","}),
    Case("tabs where commas should be", b"a\tb\n1\tx\n", Refused(r"has one column, 'a\tb'", r"if '\t' stands between columns")),
    Case("commas where tabs should be", b"a,b\n1,x\n", Refused("has one column, 'a,b'", "if ',' stands between columns"), name="a.tsv"),
    Case("a quote that is not closed", b'a,b\n1,"x\n3,y\n', Refused("has a quote that is not closed", WHOLE)),
    Case("one quote within a field", b'a,b\n1,5" pipe\n', Refused("has a quote that is not closed, or inside a field", WHOLE)),
    Case("text after a closing quote", b'a,b\n1,"x"y\n', Refused("has a quote that is not closed, or inside a field", WHOLE)),
    visits("two columns swapped", "login,v1,1,", Quarantined([(0, "isin(['login', 'order'])", "kind")])),
    visits("two columns of other types swapped", "v1,2.5,login,", Refused("column amount, row 0 (the first is 0): 'login' is not a number", "mend")),
]  # fmt: skip
HEADERS = [
    visits("no header", "v2,login,2,", Refused("no column id; there are v1, login, 1, 2024-01-01", "mend conf/usecase/"), "v1,login,1,2024-01-01"),
    Case("a name twice", b"a,a\n1,2\n", Refused("column a occurs twice in the header", NAME)),
    Case("a column without a name", b"a,,c\n1,2,3\n", Refused("column 2 has no name in the header", NAME)),
    Case("a blank as a name", b"a, ,c\n1,2,3\n", Refused("column 2 has no name in the header", NAME)),
    Case("names that differ by case alone", b"a,A\n1,2\n", Accepted({"a": [1], "A": [2]}, "two columns, `a` and `A`")),
    Case("a declared name in another case", b"ID\nv1\n", Refused("no column id; there are ID", "mend conf/usecase/"), conf=DECLARED),
    Case("a required name in another case", b"ID,kind,amount\nv1,login,1.5\n",
         Refused("visits: column id is missing", "mend the source, or say in"), contract=True),
    Case("blanks around names", b" a ,b\n1,2\n", Accepted({" a ": [1], "b": [2]}, "the names as they are, blanks included")),
    Case("blanks around a declared name", b"a, id\n1,v1\n", Refused("no column id; there are a, ' id'", "mend conf/usecase/"), conf=DECLARED),
    Case("a column called source_row", b"a,source_row\n1,2\n", Refused("source_row is the project's own name", "rename the column")),
    Case("names from right to left", "שם,b\n1,2\n".encode(), Accepted({"שם": [1], "b": [2]}, "the names as they are")),
    Case("a name with a mark that turns the direction", "a\u202eb,b\n1,2\n".encode(), Refused(r"the header is not text: 'a\u202eb'", UTF8)),
    Case("a name with a character of no width", "a\u200bb,b\n1,2\n".encode(), Refused(r"the header is not text: 'a\u200bb'", UTF8)),
    Case("a name with an escape sequence", b"a,\x1b[31mb\n1,2\n", Refused(r"the header is not text: '\x1b[31mb'", UTF8)),
    Case("a name that is SQL", b'"a""; DROP TABLE visits; --",b\n1,2\n', Accepted({'a"; DROP TABLE visits; --': [1], "b": [2]}, "the name as it is")),
    Case("a name that is HTML", b"<script>alert(1)</script>,b\n1,2\n", Accepted({"<script>alert(1)</script>": [1], "b": [2]}, "the name as it is")),
    Case("ten thousand columns", b",".join(b"c%d" % n for n in range(10_000)) + b"\n" + b",".join(b"%d" % n for n in range(10_000)),
         Accepted({f"c{n}": [n] for n in range(10_000)}, "all of them")),
    Case("a name of a million characters", b"x" * 1_000_000 + b",b\n1,2\n", Refused("the header cannot be read (field larger than field limit (131072))", WHOLE)),
]  # fmt: skip

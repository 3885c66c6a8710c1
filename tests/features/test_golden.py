"""Golden vectors carry the state that they need, and give themselves away where they are not what was written."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings

from interlock import frames
from interlock.errors import ArtifactError
from interlock.features import golden, offline
from interlock.features.featureset import export
from interlock.features.histories import SEEN, history
from interlock.features.state import State
from interlock.features.stores.lmdb import Lmdb
from interlock.features.stores.memory import Memory
from interlock.features.stores.store import Store
from interlock.files import sha256
from tests.examples import fewer
from tests.features.planted import Day
from tests.features.worlds import World, worlds

ROOT = Path(__file__).parents[2]
FILES = (golden.REQUESTS, golden.FEATURES, golden.STATE)


def filled(day: Any, store: Store, tables: Any) -> Store:
    """`store` as of the first request, after everything that happened since has come."""
    state, first = State.of(day.features, store), day.asked["as_of"][0]
    histories = {name: history(day.features, name, tables) for name in day.features.histories}
    state.materialize(tables, first, histories)
    for name, rows in histories.items():
        state.add(name, rows.filter(pl.col(SEEN) >= first), 1)
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Golden vectors of the day's last requests."""
    day = Day()
    golden.write(tmp_path, day.features, filled(day, Memory(), day.tables), day.asked[6:])
    return tmp_path


def test_features_are_computed_again_from_the_recorded_state(folder: Path) -> None:
    """What was written is what `featurize` gave and what is computed again: public features in order, after the key."""
    day = Day()
    public = [feature.name for feature in day.features.public]
    made = golden.verify(folder, day.features)
    assert made.columns == ["as_of", "rid", *public]
    assert made.equals(frames.read(folder / golden.FEATURES))
    assert made.equals(day.offline[6:].select(made.columns))


@settings(max_examples=fewer(4))
@given(worlds())
def test_any_state_that_was_read_is_enough(tmp_path_factory: pytest.TempPathFactory, world: World) -> None:
    """Generated use cases: the entries that were read give the features of `featurize` again, and no entry is missing."""
    assume(world.requests)

    class There:
        features, asked = world.declared, world.asked.sort("as_of", "rid")

    folder = tmp_path_factory.mktemp("golden")
    golden.write(folder, world.declared, filled(There, Memory(), world.lazy), There.asked)
    made = golden.verify(folder, world.declared)
    expected = offline.compute(world.declared, There.asked, world.lazy).select(made.columns)
    frames.write(expected, folder / "expected.parquet")
    assert frames.read(folder / golden.FEATURES).equals(frames.read(folder / "expected.parquet"))


def test_vectors_are_the_same_bytes_from_any_store(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """From memory or from disk, in one write or another: the same files."""
    day, other = Day(), tmp_path_factory.mktemp("other")
    store = filled(day, Lmdb(tmp_path_factory.mktemp("lmdb")), day.tables)
    golden.write(other, day.features, store, day.asked[6:])
    store.close()
    assert [sha256(other / name) for name in FILES] == [sha256(folder / name) for name in FILES]


def test_the_state_is_no_more_than_was_read(folder: Path) -> None:
    """Entries that the requests do not touch stay out of the bundle, and nobody else's rows travel with it."""
    day = Day()
    store = filled(day, Memory(), day.tables)
    assert isinstance(store, Memory)
    kept = frames.read(folder / golden.STATE)
    assert set(kept["key"]) < set(store.values)
    assert kept.height < store.size().entries


def changed(path: Path, column: str, row: int, value: Any) -> None:
    frame = frames.read(path)
    values = frame[column].to_list()
    values[row] = value
    frames.write(frame.with_columns(pl.Series(column, values, dtype=frame.schema[column])), path)


def test_a_feature_that_is_off_is_named(folder: Path) -> None:
    """One value in the last place: refused with file, feature, row, and both values."""
    changed(folder / golden.FEATURES, "total", 1, 0.9000000000000001)
    with pytest.raises(ArtifactError) as refused:
        golden.verify(folder, Day().features)
    assert f"{folder / golden.FEATURES}: total of row 1 is 0.9000000000000001, and computed again " in refused.value.found


@pytest.mark.parametrize("column", ["many", "last", "size", "part"])
def test_a_value_that_went_missing_is_named(folder: Path, column: str) -> None:
    """Null where there was a value, whatever the kind of feature."""
    rows = frames.read(folder / golden.FEATURES)[column].is_not_null().arg_true()
    changed(folder / golden.FEATURES, column, rows[0], None)
    with pytest.raises(ArtifactError, match=rf"{column} of row {rows[0]} is None"):
        golden.verify(folder, Day().features)


def test_state_that_lost_an_entry_is_refused(folder: Path) -> None:
    """Without the entries of one list, or with none at all, features are not those that were written."""
    whole = frames.read(folder / golden.STATE)
    number = pl.col("key").bin.slice(0, 2)
    for (lost,) in whole.select(number.unique()).rows():
        frames.write(whole.filter(number != pl.lit(lost)), folder / golden.STATE)
        with pytest.raises(ArtifactError):
            golden.verify(folder, Day().features)


def test_requests_that_were_changed_are_refused(folder: Path) -> None:
    """Another entity in a request gives other features than were written."""
    entities = frames.read(folder / golden.REQUESTS)["a"].to_list()
    changed(folder / golden.REQUESTS, "a", entities.index("a"), "nobody")
    with pytest.raises(ArtifactError, match="computed again"):
        golden.verify(folder, Day().features)


def test_verifying_imports_nothing_of_training_or_of_a_use_case(folder: Path) -> None:
    """From files alone: neither Pandera, nor LightGBM, nor SciPy, nor the use case's vocabulary or the offline executor."""
    export(Day().features, folder / "featureset.json")
    code = (
        "import sys; from pathlib import Path; from interlock.features import featureset, golden; here = Path()\n"
        "print(golden.verify(here, featureset.read(here / 'featureset.json')).height)\n"
        "names = ('pandera', 'lightgbm', 'scipy', 'usecases', 'interlock.usecase', 'interlock.features.offline', 'interlock.features.parity')\n"
        "print(sorted(set(names) & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=folder, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True, text=True
    )
    assert ran.stdout.split("\n")[:2] == ["8", "[]"]

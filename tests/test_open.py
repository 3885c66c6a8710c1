"""`interlock.open()`: requests, features, scores and predictions from a notebook, wherever it runs."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from pathlib import Path

import polars as pl
import pytest

import interlock
from interlock import files, frames
from interlock.contracts import ledger
from interlock.errors import ArtifactError, ConfigError, ContractError, DeclarationError
from interlock.notebook import Project
from tests.small_flights import finished

FEATURES = "usecases/flights/features.py"
KEY = ["as_of", "flight_id"]
HEAVY = ["polars", "pandera", "numpy", "lightgbm", "msgspec", "click", "rich", "ruamel"]
SHARED = """
from interlock.features.declare import on_demand
from interlock.usecase import col

def clock(time, zone):
    local = col(time).dt.convert_time_zone(zone)
    return {f"{time}_hour": on_demand(local.dt.hour(), "Hour", expect=(0, 23)), f"{time}_day": on_demand(local.dt.weekday(), "Day of the week")}
"""

TIMELESS = {
    "schema": """
import pandera.polars as pa
from interlock.usecase import reference, request, source

@source(key="person")
class People(pa.DataFrameModel):
    person: int
    town: str

@reference(by="town", fixed=["size"])
class Towns(pa.DataFrameModel):
    town: str = pa.Field(unique=True)
    size: int

@request(by="person", as_of=None)
class Request(pa.DataFrameModel):
    person: int
    town: str
""",
    "events": "def requests(people):\n    return people.select('person', 'town')\n",
    "features": """
from interlock.features.declare import on_demand, view
from interlock.usecase import col
from usecases.people.schema import Towns

size = view(Towns).lookup("size", "Size of the town")
large = on_demand(col("size") > 5, "In a large town")
""",
}


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished project; not to be changed."""
    return finished(tmp_path_factory)


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    """A copy of the finished project, to change."""
    return Path(shutil.copytree(small, tmp_path / "copy"))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Notebooks run anywhere; afterwards the process is as it was."""
    monkeypatch.chdir(tmp_path)
    before = (Path.cwd(), list(sys.path), {name for name in sys.modules if name.startswith("usecases")})
    yield
    assert before == (Path.cwd(), sys.path, {name for name in sys.modules if name.startswith("usecases")})


def computed(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "data/features/features.parquet")


def test_importing_the_package_imports_nothing_heavy() -> None:
    """`import interlock` costs nothing: what a call needs is imported by the call."""
    code = "import sys, interlock; interlock.open; print([name for name in sys.argv[1:] if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code, *HEAVY], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_a_project_is_found_from_any_folder_in_it(small: Path) -> None:
    """Given a folder of the project, or standing in one, the project is found; outside of any it is said."""
    assert interlock.open(small) == interlock.open(str(small / "usecases" / "flights")) == Project(small.resolve())
    with pytest.raises(ConfigError, match="is not in an interlock project"):
        interlock.open()
    with chdir(small / "conf"):
        assert interlock.open().folder == small.resolve()


def test_features_are_those_of_the_run(small: Path) -> None:
    """Features of all requests, of a sample and of given rows are the values in data/features, bit for bit, in the order asked."""
    project, expected = interlock.open(small), computed(small)
    assert project.features().select(expected.columns).equals(expected)
    asked = project.requests().sample(200, seed=7, shuffle=True)
    found = project.features(asked)
    assert found.select(asked.columns).equals(asked)
    assert found.select(expected.columns).equals(asked.select(KEY).join(expected, on=KEY, how="left", maintain_order="left"))
    assert not [name for name in found.columns if name.startswith("_")]
    sampled = project.features(sample=50)
    assert sampled.height == 50
    assert sampled.equals(project.features(sample=50))


def test_scores_are_those_of_the_run(small: Path) -> None:
    """Scores of test requests are the predictions that the score stage wrote, bit for bit, beside the features they come from."""
    project = interlock.open(small)
    predicted = pl.read_parquet(small / "data/predictions/test.parquet").head(100)
    asked = predicted.select(KEY).join(project.requests(), on=KEY, how="left", maintain_order="left")
    found = project.score(asked)
    assert found.select("raw_score", "score").equals(predicted.select("raw_score", "score"))
    assert found.drop("raw_score", "score").equals(project.features(asked))


def test_predictions_are_those_of_the_run(small: Path) -> None:
    """What the score stage wrote, beside the requests and the features that it was made from, row by row."""
    project, written = interlock.open(small), pl.read_parquet(small / "data/predictions/test.parquet")
    found = project.predictions()
    assert found.select(written.columns).equals(written)
    asked = found.select(project.requests().columns).head(100)
    assert project.score(asked).equals(found.head(100).drop("label"))
    assert project.predictions("validation").height == pl.read_parquet(small / "data/predictions/validation.parquet").height
    with pytest.raises(ConfigError, match="no rows of a split 'train' are scored\n  → there are: validation and test"):
        project.predictions("train")


def test_edits_show_at_once_and_scores_keep_to_the_model(copy: Path) -> None:
    """An edit of features.py is in the next call's features; scores stay those of the features that the model was trained with."""
    project = interlock.open(copy)
    asked = project.requests().head(20)
    before = project.score(asked)
    path = copy / FEATURES
    path.write_text(path.read_text().replace('on_demand(col("distance"), "Distance"', 'on_demand(col("distance") * 2, "Distance"'))
    assert project.features(asked)["miles"].equals((asked["distance"] * 2).alias("miles"))
    assert project.score(asked).equals(before)
    path.write_text(path.read_text() + "\nbroken = on_demand(col('nowhere'), 'x')\n")
    with pytest.raises(DeclarationError, match=rf"^{FEATURES}:\d+: there is no column nowhere here"):
        project.features(asked)


def test_two_projects_do_not_mix(small: Path, copy: Path) -> None:
    """Two projects of the same use case, open in one process and used in turn, have each its own declarations and tables."""
    path = copy / FEATURES
    path.write_text(path.read_text() + '\nextra = on_demand(col("distance") + 1, "Distance and one")\n')
    first, second = interlock.open(small), interlock.open(copy)
    asked = first.requests().head(5)
    for _ in range(2):
        assert "extra" not in first.features(asked).columns
        assert second.features(asked)["extra"].equals((asked["distance"] + 1).alias("extra"))


def test_calls_of_several_threads_wait_for_each_other(small: Path, copy: Path) -> None:
    """Calls at the same time from several threads, of two projects, give what they give one by one."""
    projects = [interlock.open(small), interlock.open(copy)]
    asked = projects[0].requests().head(50)
    expected = projects[0].features(asked)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda number: projects[number % 2].features(asked), range(6)))
    assert all(frame.equals(expected) for frame in found)


def test_rows_that_are_no_requests_are_refused(small: Path) -> None:
    """A column that is missing, of another type, null in the key or named as a feature is named, with what to do."""
    project = interlock.open(small)
    asked = project.requests().head(3)
    refused = {
        r"the rows have no column origin\n": asked.drop("origin"),
        r"the column flight of the rows is Int64, in a request it is Int32\n  → rows.cast\({'flight': pl.Int32}\)": asked.cast(
            {"flight": pl.Int64}
        ),
        r"the column as_of .* it is Datetime.*UTC": asked.with_columns(pl.col("as_of").dt.replace_time_zone(None)),
        r"the column as_of of the rows has nulls": asked.with_columns(pl.lit(None, asked.schema["as_of"]).alias("as_of")),
        r"the rows have a column miles, which is a feature": asked.with_columns(miles=1),
    }
    for message, rows in refused.items():
        for call in (project.features, project.score):
            with pytest.raises(ContractError, match=message):
                call(rows)
    assert project.features(asked.clear()).height == 0


def test_what_no_run_has_made_is_said(copy: Path) -> None:
    """Without tables or without a model the error names what is missing and the command that makes it."""
    project = interlock.open(copy)
    asked = project.requests().head(3)
    shutil.rmtree(copy / "models")
    with pytest.raises(ArtifactError, match=r"model.json does not exist\n  → run: make"):
        project.score(asked)
    (copy / "data/raw/weather.parquet").unlink()
    with pytest.raises(ArtifactError, match=r"weather.parquet does not exist\n  → run: make"):
        project.features(asked)


def test_a_model_of_other_features_does_not_score(copy: Path) -> None:
    """Where the exported declarations are not those that the model was trained with, no score is given."""
    path = copy / "data/features/featureset.json"
    path.write_text(path.read_text().replace('"max_age":10800000000', '"max_age":10800000001', 1))
    with pytest.raises(ArtifactError, match=r"models/model was trained with other features"):
        interlock.open(copy).score(interlock.open(copy).requests().head(3))


def test_use_cases_share_declarations(copy: Path) -> None:
    """features.py may import features and functions that make them from usecases/shared; they are features of the use case."""
    (copy / "usecases/shared").mkdir()
    (copy / "usecases/shared/clocks.py").write_text(SHARED)
    path = copy / FEATURES
    path.write_text(path.read_text() + '\nfrom usecases.shared.clocks import clock\nlocal = clock("departs", "America/New_York")\n')
    found = interlock.open(copy).features(sample=100)
    assert found["departs_hour"].equals(found["hour"].alias("departs_hour"))
    assert found["departs_day"].equals(found["weekday"].alias("departs_day"))


def test_a_use_case_without_time(tmp_path: Path) -> None:
    """Where time plays no part and nothing looks back, requests and features are there all the same."""
    for name, text in TIMELESS.items():
        files.write_text(tmp_path / f"usecases/people/{name}.py", text)
    files.write_json(tmp_path / "params.yaml", {"usecase": {"name": "people"}})
    (tmp_path / "dvc.yaml").touch()
    tables = {"people": {"person": [2, 1, 3], "town": ["b", "a", "?"]}, "towns": {"town": ["a", "b"], "size": [9, 2]}}
    for name, columns in tables.items():
        rows = pl.DataFrame(columns).with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(frames.ROW))
        frames.write(rows, tmp_path / f"data/raw/{name}.parquet")
        frames.write(ledger.LEDGER, tmp_path / f"data/quarantine/{name}.parquet")
    found = interlock.open(tmp_path).features()
    assert found.rows() == [(1, "a", 9, True), (2, "b", 2, False), (3, "?", None, None)]
    assert interlock.open(tmp_path).features(sample=2).height == 2


def test_the_process_is_left_as_it_was_after_an_error(copy: Path) -> None:
    """After a failed call the current folder, the path of imports and the loaded modules are what they were."""
    (copy / FEATURES).write_text("def (:\n")
    before = sorted(Path().iterdir())
    with pytest.raises(DeclarationError, match=rf"^{FEATURES}:1: SyntaxError"):
        interlock.open(copy).features()
    assert sorted(Path().iterdir()) == before

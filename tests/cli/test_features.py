"""`interlock features` over real flights: the list, the story of one feature, and values on a sample."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from interlock import params
from interlock.catalog import Catalog
from interlock.cli.features import features
from interlock.errors import ContractError, DeclarationError
from interlock.features import featureset
from interlock.features.catalog import entries
from interlock.features.places import declarations
from interlock.files import by_name, read_json
from interlock.notebook import inside
from tests.small_flights import ROOT, commit, finished, git

FEATURES = "usecases/flights/features.py"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished project; not to be changed."""
    return finished(tmp_path_factory)


@pytest.fixture
def here(small: Path) -> Iterator[Path]:
    """The finished project as the current folder."""
    with inside(small):
        yield small


@pytest.fixture
def changing(small: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the finished project, to change, as the current folder."""
    shutil.copytree(small, tmp_path / "copy")
    with inside(tmp_path / "copy"):
        yield tmp_path / "copy"


def run(*arguments: str, width: int = 80) -> str:
    """What the command prints; what it raises is raised."""
    done = CliRunner().invoke(features, arguments, env={"COLUMNS": str(width)}, catch_exceptions=False, standalone_mode=False)
    return done.output


def told(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def write(folder: Path, *declarations: str) -> None:
    """Add declarations at the end of features.py."""
    with (folder / FEATURES).open("a") as file:
        file.write("\n".join(["", *declarations, ""]))


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("width", [80, 120])
def test_the_list_fits_the_terminal_and_misses_nothing(width: int) -> None:
    """Every public feature has its line, its logic and its description, no line is wider than the terminal, and pipes see no colour."""
    declared = featureset.read(Path("data/features/featureset.json"))
    printed = run(width=width)
    lines = printed.splitlines()
    assert max(map(len, lines)) <= width
    assert "\x1b" not in printed
    assert [line.split()[0] for line in lines[3:] if line[:1].strip()] == [feature.name for feature in declared.public]
    words = " ".join(printed.split())
    for feature in declared.public:
        assert feature.about.description in words
        assert declared.fingerprints[feature.name][:8] in words
    assert "mean of dep_delay over 3h of Departures by origin" in words
    assert "owner data-team" in lines[0]
    assert "private" not in printed


@pytest.mark.usefixtures("here")
def test_what_is_listed_is_what_was_computed() -> None:
    """As data the list says of each feature what the last run's report does, where it stands, and whose it is."""
    report, entries = by_name(read_json(Path("reports/features.json"))), told()
    assert [entry["name"] for entry in entries] == list(report)
    for entry in entries:
        measured = entry.pop("measured")
        assert entry["state"] == "computed"
        assert entry["owner"] == "data-team"
        assert measured.items() <= report[entry["name"]].items()
        assert {key: entry[key] for key in ("kind", "dtype", "description", "logic", "fingerprint")}.items() <= report[
            entry["name"]
        ].items()
        file, line = entry["declared"].split(":")
        assert Path(file).read_text().splitlines()[int(line) - 1]


@pytest.mark.usefixtures("here")
def test_private_features_are_shown_when_asked_for() -> None:
    """Private features are in the list with --private alone, without a distribution: no run keeps their values."""
    private = {entry["name"]: entry for entry in told("--private") if entry["name"].startswith("_")}
    assert private["_local"]["state"] == "private"
    assert private["_local"]["measured"] is None
    assert "_local" in run("--private")
    assert "departs.dt.convert_time_zone" in run("_local")


@pytest.mark.usefixtures("here")
def test_the_story_of_a_feature_leads_both_ways() -> None:
    """It names what the feature reads, down to the source and its owner, who reads it, and the model with its importance."""
    story = told("origin_delay_3h")
    assert [(read["what"], read["name"], read["columns"]) for read in story["reads"]] == [
        ("request", "request", ["as_of", "origin"]),
        ("history", "Departures", ["dep_delay", "origin"]),
    ]
    assert story["reads"][1]["source"] == "flights"
    assert "Departures = history(" in _line(story["reads"][1]["declared"])
    assert "origin_trend" in story["read_by"]
    assert story["code"].startswith("origin_delay_3h = tower.mean(")
    ranked = {row["feature"]: row["rank"] for row in read_json(Path("reports/explain.json"))["global"]}
    assert [(use["by"], use["same"], use["rank"]) for use in story["used"]] == [("models/model", True, ranked["origin_delay_3h"])]
    assert [read["name"] for read in told("age")["reads"]] == ["_local", "_built"]
    assert told("seats")["reads"][1]["what"] == "reference"
    assert f"importance {ranked['origin_delay_3h']} of 45" in run("origin_delay_3h")


@pytest.mark.parametrize("usecase", sorted(path.parent.name for path in (ROOT / "usecases").glob("*/features.py")))
def test_every_public_feature_has_a_description_and_an_owner(usecase: str) -> None:
    """In every use case of the project each public feature says what it is, and the catalog in conf whose it is."""
    catalog = params.convert(params.read_yaml(ROOT / "conf/usecase" / f"{usecase}.yaml")["catalog"], Catalog, "usecase.catalog")
    with inside(ROOT):
        found = [entry for entry in entries(declarations(usecase), catalog) if entry.public]
    assert found
    assert [entry.name for entry in found if not entry.description.strip() or not entry.owner.strip()] == []


def test_git_says_when_a_declaration_was_last_changed(changing: Path) -> None:
    """The last change is the newest commit among the statement's lines, whatever else was committed; an edit since is told."""
    first = git(changing, "rev-parse", "HEAD").strip()
    assert told("weekday")["last_change"] == told("hour")["last_change"]
    assert told("weekday")["last_change"]["commit"] == first
    _edit(changing, '"Day of the week, 1 = Monday"', '"Weekday, 1 = Monday"')
    assert told("weekday")["last_change"] == {**told("hour")["last_change"], "since": True}
    second = commit(changing)
    with inside(changing):
        assert told("weekday")["last_change"]["commit"] == second
        assert told("weekday")["last_change"]["author"] == "A Tester"
        assert told("hour")["last_change"]["commit"] == first
    write(changing, 'fresh = on_demand(col("distance") * 2, "Twice the distance")')
    with inside(changing):
        assert told("fresh")["last_change"] is None
        assert "in no commit yet" in run("fresh")


def test_members_of_a_family_share_its_statement(changing: Path) -> None:
    """A feature of a dict has the dict's statement as its code, and is committed with it."""
    write(changing, "family = {", '    f"delay_{width}": tower.mean("dep_delay", width, "Departure delay") for width in ("4h", "5h")', "}")
    second = commit(changing)
    with inside(changing):
        story = told("delay_5h")
    assert story["code"].startswith("family = {\n")
    assert story["code"].endswith("\n}")
    assert story["last_change"]["commit"] == second


def test_without_git_the_story_is_told_all_the_same(changing: Path) -> None:
    """In a folder that is no repository there is no last change, and nothing fails."""
    shutil.rmtree(changing / ".git")
    assert told("weekday")["last_change"] is None


def test_what_was_edited_since_the_run_shows_no_old_distribution(changing: Path) -> None:
    """A feature that is new, or whose fingerprint is not the computed one, says so; a description alone changes nothing."""
    _edit(changing, '"Hour of scheduled departure, local"', '"Hour"')
    _edit(changing, 'tower.mean("dep_delay", "1h"', 'tower.mean("dep_delay", "2h"')
    write(changing, 'fresh = on_demand(col("distance") * 2, "Twice the distance", deprecated="read miles")')
    with inside(changing):
        states = {entry["name"]: (entry["state"], entry["measured"] is None) for entry in told()}
        assert states["hour"] == ("computed", False)
        assert states["origin_delay_1h"] == states["origin_trend"] == ("changed", True)
        assert states["fresh"] == ("new", True)
        assert "deprecated: read miles" in run()
        assert "3 not computed as declared now: origin_delay_1h, origin_trend, fresh" in run()
        assert told("origin_delay_1h")["used"][0]["same"] is False


@pytest.mark.usefixtures("here")
def test_an_unknown_name_suggests_the_nearest() -> None:
    """A misspelt name ends with the exit code of declarations, and the name that was meant."""
    for arguments in (["orign_delay_1h"], ["orign_delay_1h", "--sample", "5"]):
        with pytest.raises(DeclarationError, match=r"there is no feature orign_delay_1h\n.*did you mean origin_delay_1h\?"):
            run(*arguments)


@pytest.mark.usefixtures("here")
def test_a_sample_has_the_very_values_of_the_run() -> None:
    """Values on a sample are those of data/features, bit for bit; the sample is the same each time, and for one feature as for all."""
    sampled = told("--sample", "200")
    features_ = pl.read_parquet("data/features/features.parquet")
    found = pl.DataFrame(sampled["values"], schema_overrides={**features_.schema, "as_of": pl.String})
    found = found.with_columns(pl.col("as_of").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC"))
    assert found.height == sampled["requests"] == 200
    assert found.equals(features_.join(found.select("as_of", "flight_id"), on=["as_of", "flight_id"], how="semi").select(found.columns))
    one = told("origin_trend", "--sample", "200")
    assert one["values"] == [{key: row[key] for key in ("as_of", "flight_id", "origin_trend")} for row in sampled["values"]]
    assert one["features"]["origin_trend"] == sampled["features"]["origin_trend"]
    assert told("hour", "--sample", "1000000")["requests"] == features_.height


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("width", [80, 120])
def test_a_sample_prints_as_a_table(width: int) -> None:
    """Of all features a line each, of one its rows with what it reads; neither is wider than the terminal."""
    everything, one = run("--sample", "50", width=width), run("carrier_delay_3h", "--sample", "50", width=width)
    assert max(map(len, [*everything.splitlines(), *one.splitlines()])) <= width
    assert "45 features of 50 requests, as declared now" in everything
    assert ("values" in everything.splitlines()[2].split()) == (width == 120)
    assert "worst_visibility_6h  ▁" in everything
    assert "50 rows, " in one
    assert "carrier  origin  carrier_delay_3h" in one
    assert "… and 38 more" in one
    assert "_local" not in everything
    assert "_local" in run("--sample", "50", "--private", width=width)


def test_a_feature_is_tried_before_any_run(changing: Path) -> None:
    """A declaration just written has values on a sample, with no stage run and nothing written."""
    before = {path: path.stat().st_mtime_ns for path in changing.rglob("*") if path.is_file()}
    write(changing, 'twice = on_demand(col("distance") * 2, "Twice the distance")')
    with inside(changing):
        found = told("twice", "--sample", "20")
    assert all(row["twice"] % 2 == 0 for row in found["values"])
    after = {path: path.stat().st_mtime_ns for path in changing.rglob("*") if path.is_file()}
    assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} == {changing / FEATURES}


@pytest.mark.parametrize(
    ("declaration", "kind", "said", "remedy"),
    [
        ('broken = on_demand(col("distanc") * 2, "x")', DeclarationError, "there is no column distanc here", "there are: flight_id"),
        ('broken = on_demand(col("distance").shift(1), "x")', DeclarationError, "Shift is not row-wise", "view(…).count"),
        ("broken = on_demand(col('carrier'), )", DeclarationError, "broken has no description", "leading underscore"),
        ("broken = on_demand(colum('carrier'), 'x')", DeclarationError, "NameError: name 'colum' is not defined", f"import colum in {FEATURES}"),
        ('broken = on_demand(col("distance").cast(pl.Int8), "x")', DeclarationError, "conversion from `i32` to `i8` failed", "mend the expression"),
        (
            'broken = tower.sum(col("dep_delay") / 60, "3h", "x", places=1, max_abs=99)',
            ContractError, "rows of Departures have a measure beyond 1 places", "state more places",
        ),
    ],
)  # fmt: skip
def test_a_mistake_names_its_line_and_the_remedy(changing: Path, declaration: str, kind: type[Exception], said: str, remedy: str) -> None:
    """Whether a mistake shows when the file loads or only on the rows, the message has file, line, what was found and what to do."""
    write(changing, declaration)
    line = len((changing / FEATURES).read_text().splitlines())
    with inside(changing), pytest.raises(kind) as caught:
        run("--sample", "2000")
    found, _, advice = str(caught.value).partition("\n  → ")
    assert found.startswith(f"{FEATURES}:{line}: ")
    assert said in found
    assert remedy in advice


def test_a_mistake_in_a_history_names_the_history(changing: Path) -> None:
    """Where the derivation of a history fails on its rows, the line is the history's, not that of a feature over it."""
    path = changing / "usecases/flights/schema.py"
    path.write_text(
        path.read_text().replace(
            '"dep_delay"],\n)  # fmt: skip\nArrivals', '"dep_delay", col("distance").cast(pl.Int8)],\n)  # fmt: skip\nArrivals'
        )
    )
    with (
        inside(changing),
        pytest.raises(DeclarationError, match=r"^usecases/flights/schema.py:\d+: conversion from `i32` to `i8` failed") as caught,
    ):
        run("hull_flights_1d", "--sample", "10")
    assert "Departures = history(" in _line(str(caught.value).split(": ")[0])


def _line(place: str) -> str:
    file, line = place.split(":")
    return Path(file).read_text().splitlines()[int(line) - 1]


def _edit(folder: Path, old: str, new: str) -> None:
    text = (folder / FEATURES).read_text()
    assert text.count(old) == 1
    (folder / FEATURES).write_text(text.replace(old, new))

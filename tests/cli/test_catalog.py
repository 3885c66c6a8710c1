"""The catalog knows everything that is declared, who owns it, and what depends on what."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from interlock import git, params
from interlock.catalog import Catalog
from interlock.cli.catalog import catalog
from interlock.features import featureset
from interlock.files import read_json, write_json
from interlock.lineage.catalogue import look
from interlock.releases import deployments
from interlock.releases.deployments import Deployment
from interlock.releases.registry import Release
from tests.lineage import traced
from tests.lineage.flown import flown, released

__all__ = ["flown", "released"]  # fixtures
ROOT = Path(__file__).parents[2]
CONFS = sorted((ROOT / "conf/usecase").glob("*.yaml"))
Flown = tuple[Release, list[str]]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(catalog, arguments, catch_exceptions=False)


@pytest.mark.parametrize("conf", CONFS, ids=[path.stem for path in CONFS])
def test_every_dataset_has_an_owner_a_description_and_a_licence(conf: Path) -> None:
    """Of each use case in the repository: all tables that it reads, and the use case itself."""
    said = YAML(typ="safe").load(conf.read_text(encoding="utf-8"))
    about = params.convert(said["catalog"], Catalog, "usecase.catalog")
    assert about.owner.strip()
    assert about.description.strip()
    assert about.tables.keys() == said["tables"].keys()
    for name, entry in about.tables.items():
        assert about.owner_of(name).strip(), name
        assert entry.description.strip(), name
        assert entry.licence.strip(), name


@pytest.mark.parametrize("conf", CONFS, ids=[path.stem for path in CONFS])
def test_every_public_feature_has_a_description(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each use case in the repository, as its files declare them."""
    from interlock.features import collect

    monkeypatch.chdir(ROOT)
    described = {feature.name: feature.about.description.strip() for feature in collect.load(conf.stem).public}
    assert described
    assert [name for name, text in described.items() if not text] == []


def test_datasets_features_and_models_are_those_of_the_project(flown: Flown) -> None:
    """Every table of conf, every public feature, every release; rows as the report counts them, ranks as explain has them."""
    found = look(datetime.now(UTC))
    declared = featureset.read(Path("data/features/featureset.json"))
    report, ranks = read_json(Path("reports/validation.json"))["tables"], read_json(Path("reports/explain.json"))["global"]
    assert {each.name: (each.rows, each.quarantined) for each in found.datasets} == {
        name: (table["rows"], table["quarantined"]) for name, table in report.items()
    }
    assert [each.name for each in found.features] == [feature.name for feature in declared.public]
    assert {each.name: each.rank for each in found.features if each.rank} == {row["feature"]: row["rank"] for row in ranks}
    assert [(each.version, each.commit, each.by, each.deployed) for each in found.models] == [
        ("flights@v1.0.0", flown[0].commit, "A Tester", ())
    ]


def test_who_depends_on_what(flown: Flown) -> None:
    """A feature of features comes from their tables too; a table names every feature that would change with it."""
    assert flown
    found = look(datetime.now(UTC))
    features, datasets = {each.name: each for each in found.features}, {each.name: each for each in found.datasets}
    assert features["origin_trend"].tables == ("flights",)
    assert features["age"].tables == ("planes",)
    assert features["hour"].tables == ()
    assert features["route_late_30d"].tables == ("airports", "flights")
    assert set(features["origin_delay_1h"].read_by) == {"origin_trend"}
    assert set(datasets["planes"].read_by) == {"seats", "age"}
    assert (datasets["weather"].part, datasets["planes"].part) == ("history", "reference")
    assert datasets["weather"].changed_by == "A Tester"


def test_a_feature_is_of_the_releases_that_had_it_as_it_is_declared_now(flown: Flown) -> None:
    """A release in which it meant something else is not named."""
    path = Path("reports/features.json")
    report = read_json(path)
    write_json(path, [each | ({"fingerprint": "0" * 64} if each["name"] == "hour" else {}) for each in report])
    again = traced.release("v1.1.0")
    features = {each.name: each.releases for each in look(datetime.now(UTC)).features}
    assert features["hour"] == (flown[0].tag,)
    assert features["weekday"] == (flown[0].tag, again.tag)


def test_where_a_model_runs_is_what_git_says(flown: Flown) -> None:
    """By deployed.yaml of the commit that is checked out."""
    deployments.write({"prod": Deployment.of(flown[0], "The first.")}, ("staging", "prod"), "Promote")
    assert look(datetime.now(UTC)).models[0].deployed == ("prod",)


def test_no_release_is_said_where_there_is_none(flown: Flown) -> None:
    git.git("tag", "--delete", flown[0].tag)
    assert look(datetime.now(UTC)).notes == ("no version has been released yet: interlock release",)


def test_a_shallow_clone_does_not_say_that_there_is_no_release(flown: Flown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tags are hidden: that is said, with the command that brings them, and datasets and features are listed still."""
    assert flown
    git.git("clone", "--quiet", "--depth=1", "--no-tags", f"file://{Path.cwd()}", str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    found = look(datetime.now(UTC))
    assert found.notes == ("this is a shallow clone, which hides releases: git fetch --unshallow --tags",)
    assert found.models == ()
    assert run("--kind", "models").output == f"{found.notes[0]}\n"
    assert found.datasets
    assert found.features


def test_a_version_that_runs_and_whose_tag_is_missing_is_said(flown: Flown) -> None:
    """deployed.yaml names it, this clone has not got its tag: neither silence nor "no version has been released"."""
    deployments.write({"prod": Deployment.of(flown[0], "The first.")}, ("staging", "prod"), "Promote")
    git.git("tag", "--delete", flown[0].tag)
    assert look(datetime.now(UTC)).notes == ("prod runs flights@v1.0.0, whose tag is missing: git fetch --tags",)


def test_bad_tags_are_listed_and_stop_nothing(flown: Flown) -> None:
    """A lightweight tag, one that no release wrote, and one that was moved while its version runs: each is named, the others are told."""
    again = traced.release("v1.1.0")
    deployments.write({"prod": Deployment.of(again, "Better.")}, ("staging", "prod"), "Promote")
    git.git("tag", "flights@v2.0.0")
    git.git("tag", "--annotate", "--message", "by hand", "flights@v3.0.0")
    git.git("tag", "--annotate", "--force", "--message", git.git("tag", "--list", "--format=%(contents)", again.tag), again.tag, "HEAD")
    found = look(datetime.now(UTC))
    assert [each.version for each in found.models] == [flown[0].tag]
    assert all(any(f"flights@v{number}.0 " in note for note in found.notes) for number in ("1.1", "2.0", "3.0"))
    assert "prod runs flights@v1.1.0, whose tag is bad: git fetch --tags --force" in found.notes
    assert "flights@v2.0.0" in run().output


def test_a_broken_promise_of_freshness_is_said(flown: Flown) -> None:
    """Rows of 2013, promised to be no older than two days, at the age that they have now; a promise that is kept says so."""
    assert flown
    said = YAML(typ="safe").load(Path("params.yaml").read_text())
    said["usecase"]["catalog"]["tables"]["weather"] |= {"fresh": "2d"}
    said["usecase"]["catalog"]["tables"]["flights"] |= {"fresh": "2d", "aged_by": "time_hour"}
    write_json(Path("params.yaml"), said)
    params.read_yaml.cache_clear()
    late, early = ({each.name: each.fresh for each in look(now).datasets} for now in (datetime.now(UTC), datetime(2014, 1, 1, tzinfo=UTC)))
    assert "must be no older than 2d" in late["weather"]
    assert early["flights"] == "fresh, within 2d"
    assert late["planes"] == "no promise"


def test_names_kinds_and_owners_are_filters(flown: Flown) -> None:
    """A part of a name, one of the three kinds, an owner; nothing is said where nothing is meant."""
    assert flown
    found = json.loads(run("DELAY", "--kind", "features", "--json").output)
    assert found["datasets"] == found["models"] == []
    assert {"origin_delay_1h", "number_delay_21d"} <= {each["name"] for each in found["features"]}
    assert all("delay" in each["name"] for each in found["features"])
    assert json.loads(run("--owner", "nobody", "--json").output)["datasets"] == []
    assert "nothing in the catalog of flights has that name" in run("no such thing").output
    assert all(part in run().output for part in ("flights@v1.0.0", "CC0-1.0", "Departures (flights)", "data-team"))


def test_it_changes_nothing_and_works_without_data(flown: Flown) -> None:
    """A clone without data, models or the use case's last run: rows and ranks of the reports in git, features as declared."""
    assert flown
    for folder in ("data/raw", "data/features", "data/quarantine", "models"):
        shutil.rmtree(folder, ignore_errors=True)
    before = git.git("status", "--porcelain", "--ignored")
    told = json.loads(run("--json").output)
    assert len(told["features"]) > 40
    assert told["datasets"][0]["rows"]
    assert [line for line in git.git("status", "--porcelain", "--ignored").splitlines() if "__pycache__" not in line] == before.splitlines()


def test_hostile_text_is_shown_not_obeyed(flown: Flown) -> None:
    """An owner and a description with what a terminal would obey."""
    assert flown
    said = YAML(typ="safe").load(Path("params.yaml").read_text())
    said["usecase"]["catalog"] |= {"owner": "team\x1b[31m", "description": "[bold]\u202ereversed"}
    write_json(Path("params.yaml"), said)
    params.read_yaml.cache_clear()
    output = run().output
    assert "[bold]" in output
    assert not {"\x1b", "\u202e"} & set(output)

"""package, on the small project."""

import json
import sys
from pathlib import Path

import polars as pl
import pytest

from interlock.errors import ArtifactError, ConfigError
from interlock.features.contracted import schema
from interlock.features.featureset import read
from interlock.files import read_json, sha256
from stages import package
from tests.evaluation.world import PARAMS, say, world

__all__ = ["world"]
BUNDLE = Path("models/bundle")


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_packaging_again_gives_the_same_bytes(world: Path) -> None:
    """The same project makes the same bundle, in another folder and over an old one; nothing partial stays."""
    before = content(world / BUNDLE)
    (world / BUNDLE / "left-over.txt").write_text("old")
    package.main()
    assert content(world / BUNDLE) == before
    assert sorted(path.name for path in (world / "models").iterdir()) == ["bundle", "model"]


def test_copies_are_the_files_themselves(world: Path) -> None:
    """Model, declarations, profile and verdict are in the bundle byte for byte."""
    pairs = {
        "model/booster.txt": "models/model/booster.txt",
        "model/model.json": "models/model/model.json",
        "featureset.json": "data/features/featureset.json",
        "profile.json": "reports/features.json",
        "verdict.json": "reports/gates.json",
    }
    for copy, original in pairs.items():
        assert sha256(world / BUNDLE / copy) == sha256(world / original)


def test_provenance_names_every_input_with_its_hash(world: Path) -> None:
    """Pins of the sources, raw tables, quarantine, features, golden vectors, model and reports; each hash is that of the file today."""
    found = read_json(world / BUNDLE / "provenance.json")
    places = {
        "sources": "",
        "raw": "data/raw",
        "quarantine": "data/quarantine",
        "features": "data/features",
        "golden": "data/golden",
        "model": "models/model",
        "reports": "",
    }
    assert list(found["made_from"]) == list(places)
    for part, files in found["made_from"].items():
        assert files == {name: sha256(world / places[part] / name) for name in files}
        assert files
    assert found["configuration"] == PARAMS
    assert found["environment"] == {"train": {"lightgbm": "4.7.0"}}


def test_the_contracts_say_what_requests_and_events_must_be(world: Path) -> None:
    """As the declarations carry them: each column's type, nullability and need, to the last digit of a bound."""
    found = {path.stem: json.loads(path.read_text()) for path in (world / BUNDLE / "contracts").iterdir()}
    features = read(world / BUNDLE / "featureset.json")
    assert found == {name: schema(features, name) for name in ("requests", "flights")}
    fields = found["requests"]["properties"]
    assert found["requests"]["required"] == list(fields) == list(features.request.types)
    assert {name for name, said in fields.items() if "null" in said["type"]} == {"its_tailnum", "its_air"}
    assert (fields["its_hour"]["minimum"], fields["its_part"]["maximum"]) == (-128, sys.float_info.max)


def test_golden_vectors_are_a_hundred_test_rows(world: Path) -> None:
    """Their requests, features and state are those of data/golden, their scores those that were predicted, to the bit."""
    golden = world / BUNDLE / "golden"
    for name in ("requests.parquet", "features.parquet", "state.parquet"):
        assert sha256(golden / name) == sha256(world / "data/golden" / name)
    key = ["as_of", "flight_id"]
    found = pl.read_parquet(golden / "features.parquet").hstack(pl.read_parquet(golden / "scores.parquet"))
    test = pl.read_parquet(world / "data/predictions/test.parquet").drop("label")  # of requests with an outcome alone
    expected = pl.read_parquet(world / "data/features/features.parquet").join(test, on=key)
    assert found.height == 100
    assert found.join(expected, on=key, how="semi").sort(key).equals(expected.join(found, on=key, how="semi").sort(key))
    assert found.join(expected, on=key, how="semi").height > 90


@pytest.mark.parametrize("missing", ["data/sources/sampled_flights.yaml", "reports/slices.json", "pins.yaml", "models/model/model.json"])
def test_a_missing_part_is_named_and_the_old_bundle_stays(world: Path, missing: str) -> None:
    """Whatever is not there is named, and the bundle that was there is still whole."""
    before = content(world / BUNDLE)
    (world / missing).unlink()
    with pytest.raises((ArtifactError, ConfigError), match=Path(missing).name):
        package.main()
    assert content(world / BUNDLE) == before
    assert sorted(path.name for path in (world / "models").iterdir()) == ["bundle", "model"]


def test_a_verdict_on_an_earlier_model_is_not_packaged(world: Path) -> None:
    """A model that changed after it was judged does not get the verdict of the old one."""
    (world / "models/model/model.json").write_text((world / "models/model/model.json").read_text() + " ")
    with pytest.raises(ArtifactError, match="judges another model"):
        package.main()


def test_an_owner_is_on_the_card(world: Path) -> None:
    """Who answers for the model comes from the catalog."""
    catalog = {**PARAMS["usecase"]["catalog"], "owner": "night-shift"}
    say(world / "params.yaml", {**PARAMS, "usecase": {**PARAMS["usecase"], "catalog": catalog}})
    package.main()
    assert "Owner: night-shift." in (world / BUNDLE / "card.md").read_text(encoding="utf-8")

"""The log and a trace in a notebook: frames that say what `interlock trace` says."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

import interlock
from interlock.errors import ConfigError
from interlock.lineage.trace import trace
from interlock.releases.registry import Release
from interlock.serving import predictions
from tests.lineage.flown import flown, released

__all__ = ["flown", "released"]  # fixtures


def test_a_notebook_sees_the_log_and_what_is_behind_each_prediction(flown: tuple[Release, list[str]]) -> None:
    """Ids and scores are those of the log; a feature's value, line and counted rows are those of the trace of the command."""
    project, (made, ids) = interlock.open(), flown
    log = project.log()
    assert log["id"].to_list() == ids
    assert log["version"].unique().to_list() == [made.tag]
    assert project.log(2).equals(log.tail(2))
    assert log.select("raw_score", "score").to_dicts() == [predictions.one(key).prediction.scores for key in ids]  # type: ignore[union-attr]
    assert json.loads(log["request"][0])["origin"] == "LGA"
    found, expected = project.trace(ids[0], rows=None), trace(predictions.one(ids[0]), None)
    assert found["feature"].to_list() == [feature.name for feature in expected.features]
    assert found.filter("recorded").select("feature", "value").rows() == [
        (feature.name, json.dumps(feature.value, separators=(",", ":"))) for feature in expected.features if feature.recorded
    ]
    counted = found.filter(pl.col("count") > 0)
    assert (counted["rows"].list.len() == counted["count"]).all()
    assert counted["agree"].all()
    source = counted.filter(feature="origin_delay_3h").explode("rows").unnest("rows")
    raw = pl.read_parquet("data/raw/flights.parquet").filter(pl.col("source_row").is_in(source["row"].implode()))
    assert raw.height == source.height > 1
    assert found.filter(feature="miles")["declared"].item().startswith("usecases/flights/features.py:")
    assert project.trace(ids[0])["rows"].list.len().max() == 3
    with pytest.raises(ConfigError, match="'7' is no id of a prediction"):
        project.trace("7")


def test_a_project_that_has_predicted_nothing_has_an_empty_log(flown: tuple[Release, list[str]]) -> None:
    """No rows, and the columns that any log has."""
    shutil.rmtree(Path("online/predictions"))
    assert interlock.open().log().rows() == []
    assert flown

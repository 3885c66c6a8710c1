"""What `featurize` wrote, as rows of a split."""

from pathlib import Path

import polars as pl
import pytest

from interlock import frames
from interlock.errors import ArtifactError, ContractError
from interlock.modeling.dataset import Dataset
from interlock.modeling.split import ByGroup, ByRow, ByTime, Shares
from interlock.params import convert
from tests import modeled_flights

SPLIT = convert(modeled_flights.SPLIT, ByTime, "usecase.split")
SHARES = Shares(train=0.6, validation=0.2, test=0.2)


@pytest.fixture
def table() -> pl.DataFrame:
    return modeled_flights.flights().gather_every(20)


def test_the_rows_of_a_split_are_aligned_labelled_and_in_order(tmp_path: Path, table: pl.DataFrame) -> None:
    """Keys, features and labels of a split are those of the table's rows in it that have a label, in the table's order."""
    rows = Dataset.open(modeled_flights.write(tmp_path, table), SPLIT).rows("validation")
    chosen = table.filter(
        pl.col("as_of") >= SPLIT.train_until, pl.col("matured_at") <= SPLIT.validation_until, pl.col("late").is_not_null()
    )
    assert rows.key.equals(chosen.select(modeled_flights.KEY))
    assert rows.features.equals(chosen.select(modeled_flights.FEATURES))
    assert rows.label.equals(chosen["late"])


def test_every_row_asked_in_a_period_is_accounted_for(tmp_path: Path, table: pl.DataFrame) -> None:
    """Used, without an outcome and matured too late make up all rows of a period, and the periods all rows."""
    dataset = Dataset.open(modeled_flights.write(tmp_path, table), SPLIT)
    counts = {name: dataset.counts(name) for name in ("train", "validation", "test")}
    assert sum(count["asked"] for count in counts.values()) == table.height
    assert sum(count["unlabelled"] for count in counts.values()) == table["late"].null_count()
    assert all(count["used"] == dataset.rows(name).label.len() for name, count in counts.items())
    assert all(count["asked"] == count["used"] + count["unlabelled"] + count["immature"] for count in counts.values())
    assert counts["train"]["immature"] > 0


def test_a_split_by_group_reads_the_groups_from_the_requests(tmp_path: Path, table: pl.DataFrame) -> None:
    """Every carrier's rows fall into one split, and all rows into some split."""
    dataset = Dataset.open(modeled_flights.write(tmp_path, table), ByGroup(column="carrier", shares=SHARES, salt="s"))
    assert dataset.features.select("carrier").with_columns(dataset.split).unique().height == table["carrier"].n_unique()
    assert dataset.split.null_count() == 0


def test_time_need_not_play_a_part(tmp_path: Path, table: pl.DataFrame) -> None:
    """Without an as_of and without a time of maturity rows are split by the hash of their key."""
    dataset = Dataset.open(modeled_flights.write(tmp_path, table, ["flight_id"]), ByRow(shares=SHARES, salt="s"))
    assert sum(dataset.counts(name)["used"] for name in ("train", "validation", "test")) == table["late"].count()


def test_a_split_without_a_label_says_what_it_found(tmp_path: Path, table: pl.DataFrame) -> None:
    """An empty split is refused with its counts and the place to mend."""
    unlabelled = table.with_columns(late=pl.when(pl.col("as_of") < SPLIT.validation_until).then("late"))
    dataset = Dataset.open(modeled_flights.write(tmp_path, unlabelled), SPLIT)
    with pytest.raises(
        ContractError, match=r"test split has no row with a label \(\d+ asked, 0 used, \d+ unlabelled, 0 immature\)(.|\n)*conf/usecase"
    ):
        dataset.rows("test")


@pytest.mark.parametrize("name", ["outcomes", "features"])
def test_frames_that_hold_other_rows_are_refused(tmp_path: Path, table: pl.DataFrame, name: str) -> None:
    """Rows that are missing or in another order would put labels to the wrong features."""
    folder = modeled_flights.write(tmp_path, table)
    for broken in (table.head(-1), table.reverse()):
        frames.write(broken.select(frames.read(folder / f"{name}.parquet").columns), folder / f"{name}.parquet")
        with pytest.raises(ArtifactError, match=f"{name}.*hold other rows"):
            Dataset.open(folder, SPLIT)


@pytest.mark.parametrize("text", [None, "{", '{"request": {"by": "flight_id"}}'])
def test_declarations_that_are_missing_or_damaged_are_named(tmp_path: Path, table: pl.DataFrame, text: str | None) -> None:
    """The key of the rows stands in the exported declarations."""
    path = modeled_flights.write(tmp_path, table) / "featureset.json"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(ArtifactError, match=r"featureset\.json is missing or damaged"):
        Dataset.open(tmp_path, SPLIT)

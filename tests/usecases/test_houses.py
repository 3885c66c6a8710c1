"""Houses: no time at all. Some districts are for training, others for the test."""

import re
import shutil
from pathlib import Path
from random import Random

import polars as pl
import pytest

from interlock.errors import ConfigError, DeclarationError
from tests.usecases.project import Written, agrees, by_brute_force, features, run

CONF = """
name: houses
task: {kind: binary, positive: sold above the asking price}
tables:
  houses: {from: files, path: data/own/houses.parquet}
  districts: {from: files, path: data/own/districts.csv}
world: {name: full, keep: {}}
small: {}
split: {by: group, column: district, shares: {train: 0.5, validation: 0.25, test: 0.25}, salt: houses}
slices: {columns: [heating], minimum: 20}
catalog:
  owner: sales
  description: Houses that sell above the asking price.
  tables:
    houses: {description: Every house that was sold., licence: internal}
    districts: {description: Where they stand., licence: internal}
"""
SPLIT = "{by: group, column: district, shares: {train: 0.5, validation: 0.25, test: 0.25}, salt: houses}"
BY_TIME = '{by: time, train_until: "2024-01-01T00:00:00Z", validation_until: "2024-02-01T00:00:00Z", test_until: "2024-03-01T00:00:00Z"}'
SCHEMA = """
import pandera.polars as pa

from interlock.usecase import outcome, reference, request, source


@request(by=("district", "plot"), as_of=None)
class Request(pa.DataFrameModel):
    district: str
    plot: int
    size: float = pa.Field(gt=0)
    rooms: int = pa.Field(nullable=True)
    built: int = pa.Field(nullable=True)
    heated_by: str = pa.Field(nullable=True)


@outcome()
class Outcome(pa.DataFrameModel):
    above: bool


@source(key=("district", "plot"))
class Houses(pa.DataFrameModel):
    district: str
    plot: int
    size: float = pa.Field(gt=0)
    rooms: int = pa.Field(ge=1, nullable=True)
    built: int = pa.Field(ge=1800, nullable=True)
    heated_by: str = pa.Field(nullable=True)
    above: bool = pa.Field(nullable=True)


@reference(by="district", fixed=["side", "to_centre"])
class Districts(pa.DataFrameModel):
    district: str = pa.Field(unique=True)
    side: str = pa.Field(isin=["left", "right"])
    to_centre: float = pa.Field(ge=0)
"""
EVENTS = """
import polars as pl


def requests(houses: pl.LazyFrame) -> pl.LazyFrame:
    return houses.drop("above")


def outcomes(houses: pl.LazyFrame) -> pl.LazyFrame:
    return houses.select("district", "plot", "above")
"""
FEATURES = """
from interlock.features.declare import on_demand, view
from interlock.usecase import col
from usecases.houses.schema import Districts

place = view(Districts)
side = place.lookup("side", "Side of the river")
to_centre = place.lookup("to_centre", "Distance to the centre", unit="km", expect=(0, 40))
space = on_demand(col("size"), "Living space", unit="m2")
heating = on_demand(col("heated_by").fill_null("none"), "Heating")
_age = on_demand(2024 - col("built"))
old = on_demand(col("_age") > 50, "Older than half a century")
per_room = on_demand(col("size") / col("rooms"), "Space for each room", unit="m2")
"""


def write(folder: Path, code: dict[str, str] | None = None) -> Path:
    random, own = Random(2), folder / "data/own"  # noqa: S311 - rows, not secrets
    own.mkdir(parents=True)
    names = [f"d{number}" for number in range(24)]
    rows = []
    for number in range(1200):
        size, near = round(random.uniform(20, 300), 1), names.index(district := random.choice(names)) < 12
        above = random.random() < (0.8 if size > 150 else 0.3) - 0.2 * near
        rows.append(
            {
                "district": district, "plot": number, "size": size, "rooms": random.choice([None, 2, 3, 5]), "built": random.choice([None, 1900, 1990]),
                "heated_by": random.choice([None, "gas", "wood"]), "above": random.choice([None, above, above, above]),
            }
        )  # fmt: skip
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(own / "houses.parquet")
    listed = [f"{name},{'left' if number % 2 else 'right'},{number / 2}" for number, name in enumerate(names[:-1])]
    (own / "districts.csv").write_text("\n".join(["district,side,to_centre", *listed]) + "\n")
    Written("houses", CONF, {"schema": SCHEMA, "events": EVENTS, "features": FEATURES, **(code or {})}).into(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after every stage; not to be changed."""
    made = write(tmp_path_factory.mktemp("houses") / "a project é")
    run(made)
    return made


def test_every_stage_does_its_part(folder: Path) -> None:
    """From files to a bundle, with nothing different online though there is no time; without a stress.py, too."""
    agrees(folder)


def test_values_are_what_the_declarations_say(folder: Path) -> None:
    """Nulls, filled ones and a district that is not listed, held against the raw rows."""
    by_brute_force(folder, 5)
    values = features(folder)
    assert values.filter(district="d23")["side"].null_count() == values.filter(district="d23").height > 0
    assert "matured_at" not in values.columns


def test_a_district_lies_in_one_split(folder: Path) -> None:
    """All houses of a district are for training, validation or test together."""
    predicted = {name: set(pl.read_parquet(folder / f"data/predictions/{name}.parquet")["district"]) for name in ("validation", "test")}
    assert predicted["validation"] & predicted["test"] == set()
    assert 4 <= len(predicted["validation"] | predicted["test"]) <= 20


@pytest.mark.parametrize(
    ("stages", "conf", "message"),
    [
        (["train"], ("column: district", "column: street"), "usecase.split.column: the requests have no column 'street'"),
        (["evaluate"], ("columns: [heating]", "columns: [size]"), "usecase.slices.columns: size is Float64, which has no groups"),
        (["evaluate"], ("columns: [heating]", "columns: [heat]"), "usecase.slices.columns: no request or feature is called heat"),
        (["train"], (SPLIT, BY_TIME), "usecase.split is by time, but the request has no as_of"),
        (["parity"], (SPLIT, BY_TIME), "usecase.split is by time, but the request has no as_of"),
    ],
)
def test_what_conf_says_of_nothing_is_refused(folder: Path, tmp_path: Path, stages: list[str], conf: tuple[str, str], message: str) -> None:
    """A column that is not there, one that has no groups, a time where there is none: which key, and why."""
    assert conf[0] in CONF
    copy = shutil.copytree(folder, tmp_path / "copy")
    path = copy / "conf/usecase/houses.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(*conf), encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(message)):
        run(copy, *stages)


def test_nothing_can_look_back_without_time(tmp_path: Path) -> None:
    """A history is refused where the request has no moment to look back from."""
    schema = (
        SCHEMA
        + """
from interlock.usecase import Utc, history

@history(by="district", id="plot", time="sold")
class Sales(pa.DataFrameModel):
    district: str
    plot: int
    sold: Utc
"""
    )
    code = "from usecases.houses.schema import Sales\n" + FEATURES + 'sold = view(Sales).count("30d", "Houses sold")\n'
    write(tmp_path, {"schema": schema, "features": code})
    with pytest.raises(DeclarationError, match=r"features\.py:\d+: the request has no as_of, so nothing can look back from it"):
        run(tmp_path, "featurize")

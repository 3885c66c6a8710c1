"""What a use case says of itself."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from interlock.catalog import Catalog
from interlock.errors import ConfigError
from interlock.params import convert

TABLE = {"description": "Flights.", "licence": "CC0-1.0"}
CATALOG = {"owner": "data-team", "description": "Late arrivals.", "tables": {"flights": TABLE}}
CHANGES: list[dict[str, str | None]] = [
    {"description": ""},
    {"licence": None},
    {"fresh": "tomorrow"},
    {"fresh": "1.5d"},
    {"fresh": "0d"},
    {"aged_by": "time_hour"},
    {"stale": "fail"},
    {"fresh": None, "aged_by": "time_hour"},
    {"colour": "red"},
]
CONF = Path(__file__).parents[1] / "conf" / "usecase"


def test_a_table_without_an_owner_has_that_of_the_use_case() -> None:
    """The owner is inherited, and a table that names its own keeps it."""
    own = {**CATALOG, "tables": {"flights": TABLE, "planes": {**TABLE, "owner": "fleet"}}}
    catalog = convert(own, Catalog, "usecase.catalog")
    assert [catalog.owner_of(name) for name in catalog.tables] == ["data-team", "fleet"]


@pytest.mark.parametrize("change", CHANGES)
def test_a_table_that_says_nothing_or_something_else_is_refused_by_name(change: dict[str, str | None]) -> None:
    """An empty description, no licence, a freshness that is no length of time, what is said of none, or an unknown key: the error names the place."""
    with pytest.raises(ConfigError, match=r"usecase\.catalog\.tables"):
        convert({**CATALOG, "tables": {"flights": {**TABLE, **change}}}, Catalog, "usecase.catalog")


@pytest.mark.parametrize("path", sorted(CONF.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_table_of_every_use_case_is_described(path: Path) -> None:
    """The tables that a use case reads are those that its catalog describes, in the same order."""
    usecase = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    catalog = convert(usecase["catalog"], Catalog, "usecase.catalog")
    assert list(catalog.tables) == list(usecase["tables"])

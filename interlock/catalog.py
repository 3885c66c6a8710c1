"""What a use case says of itself and its tables: owner, description, licence, and how fresh each must be."""

from typing import Annotated, Literal

from msgspec import Meta

from interlock.durations import microseconds
from interlock.params import Section

Text = Annotated[str, Meta(min_length=1)]


class CatalogTable(Section, frozen=True):
    """One table; without an `owner` it has the use case's, without `fresh` it may be of any age.

    The column `aged_by` tells its age (of a history: its time); one that is older than `fresh` is a warning, or a failure.
    """

    description: Text
    licence: Text
    owner: Text | None = None
    fresh: str | None = None
    aged_by: str | None = None
    stale: Literal["warn", "fail"] = "warn"

    def __post_init__(self) -> None:
        if self.fresh is not None and not microseconds(self.fresh):
            raise ValueError('fresh is a whole number above 0 and a unit, such as "36h" or "7d"')
        if self.fresh is None and (self.aged_by is not None or self.stale != "warn"):
            raise ValueError("aged_by and stale say what becomes of a table that is not fresh: say how fresh it must be")


class Catalog(Section, frozen=True):
    """The use case's owner and description, and those of each table that `usecase.tables` names."""

    owner: Text
    description: Text
    tables: dict[str, CatalogTable]

    def owner_of(self, table: str) -> str:
        """Who answers for `table`."""
        return self.tables[table].owner or self.owner

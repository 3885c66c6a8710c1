"""What a use case says of itself and its tables: owner, description, licence, and how fresh each must be."""

from typing import Annotated

from msgspec import Meta

from interlock.durations import microseconds
from interlock.params import Section

Text = Annotated[str, Meta(min_length=1)]


class CatalogTable(Section, frozen=True):
    """One table; without an `owner` it has the use case's, without `fresh` it may be of any age."""

    description: Text
    licence: Text
    owner: Text | None = None
    fresh: str | None = None

    def __post_init__(self) -> None:
        if self.fresh is not None and microseconds(self.fresh) is None:
            raise ValueError('fresh is a whole number and a unit, such as "36h" or "7d"')


class Catalog(Section, frozen=True):
    """The use case's owner and description, and those of each table that `usecase.tables` names."""

    owner: Text
    description: Text
    tables: dict[str, CatalogTable]

    def owner_of(self, table: str) -> str:
        """Who answers for `table`."""
        return self.tables[table].owner or self.owner

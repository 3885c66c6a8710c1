"""What the catalog says of a dataset, a feature and a model."""

from interlock.lineage.tree import Told


class Dataset(Told, frozen=True):
    """A table of the use case; `fresh` says how it stands against its promise, `changed` when its pin last did."""

    name: str
    part: str
    description: str
    owner: str
    licence: str
    promise: str | None
    fresh: str
    changed: str
    changed_by: str
    rows: int | None
    quarantined: int | None
    read_by: tuple[str, ...]


class CatalogFeature(Told, frozen=True):
    """A public feature; `view` is the history or reference that it reads, `tables` are the sources that it comes from, by whatever way."""

    name: str
    kind: str
    description: str
    unit: str
    view: str
    tables: tuple[str, ...]
    logic: str
    owner: str
    read_by: tuple[str, ...]
    rank: int | None
    releases: tuple[str, ...]


class CatalogModel(Told, frozen=True):
    """A release, and the stages of life that run it now."""

    version: str
    released: str
    by: str
    owner: str
    description: str
    metric: str
    value: float | None
    deployed: tuple[str, ...]
    commit: str
    features: int | None


class Found(Told, frozen=True):
    """What the catalog holds of a use case."""

    usecase: str
    datasets: tuple[Dataset, ...]
    features: tuple[CatalogFeature, ...]
    models: tuple[CatalogModel, ...]
    notes: tuple[str, ...]

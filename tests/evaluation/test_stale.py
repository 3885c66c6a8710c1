"""What features become when a history is no longer fed, against the offline executor on histories without a row."""

from collections.abc import Iterator

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from interlock.evaluation.stale import stale
from interlock.features import offline
from interlock.features.bits import differing
from interlock.features.featureset import FeatureSet, Latest, OnDemand, Window
from tests.features.worlds import World, worlds


def unknown(features: FeatureSet, name: str, gone: set[str]) -> bool:
    """Whether a feature on demand is computed from a private feature that no file holds and that did not go stale."""
    feature = features.by_name.get(name)
    if feature is None:
        return False
    if isinstance(feature, OnDemand):
        return any(unknown(features, read, gone) for read in features.reads(feature))
    return not feature.public and not (isinstance(feature, Latest | Window) and feature.history in gone)


def emptied(world: World, source: str) -> pl.DataFrame:
    """Every feature of the requests where the table `source` has no row."""
    return offline.compute(world.declared, world.asked, {**world.lazy, source: world.lazy[source].clear()})


def looking_back(features: FeatureSet) -> Iterator[tuple[str, str]]:
    """The histories that features stand on, with the tables that they come from."""
    for feature in features.features:
        if isinstance(feature, Latest | Window):
            yield feature.history, features.histories[feature.history].source


@given(worlds(), st.data())
def test_stale_features_are_those_of_a_history_without_rows(world: World, data: st.DataObject) -> None:
    """For features over histories, looked up by them or computed from them, public or hidden: the values of the offline executor
    on an empty table, from requests and public features alone; every other feature keeps its value.
    """
    features = world.declared
    sources = sorted({source for _, source in looking_back(features)} - features.references.keys())
    if not sources:
        return
    source = data.draw(st.sampled_from(sources))
    gone = {history for history, table in looking_back(features) if table == source}
    full, empty = offline.compute(features, world.asked, world.lazy), emptied(world, source)
    public = [feature.name for feature in features.public]
    changed = stale(features, gone)
    found = full.select(*world.asked.columns, *public).with_columns(
        value.cast(full.schema[name]).alias(name) for name, value in changed.items()
    )
    assert set(changed) <= set(public)
    for name in public:
        if not unknown(features, name, gone):
            assert not differing(found[name], empty[name]).any(), features.by_name[name]

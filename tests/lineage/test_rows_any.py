"""Whatever is declared over whatever rows: the rows that are shown are those that count, and they alone give the value."""

import msgspec
from hypothesis import assume, given, settings

from interlock.features import offline, payloads
from interlock.features.featureset import Latest, Lookup, Window
from interlock.features.histories import ID
from interlock.lineage.known import Known
from interlock.lineage.rows import Behind, same
from tests.examples import fewer
from tests.features import brute
from tests.features.test_counted import contributing
from tests.features.worlds import World, worlds


@settings(max_examples=fewer(2))
@given(worlds())
def test_rows_are_those_of_the_oracle_and_give_the_value_alone(world: World) -> None:
    """Late rows, ties, nulls, filters, several keys, windows and moments of any length: as brute force counts, and to the bit."""
    assume(world.requests)
    asked, oracle = world.asked.sort("as_of", "rid"), brute.World(world.declared, world.tables)
    whole = offline.compute(world.declared, asked, world.lazy)
    recorded = [msgspec.json.decode(payload) for payload in payloads.encoded(whole.select(list(world.declared.by_name)))]
    for at in {0, asked.height - 1}:
        request = asked.row(at, named=True)
        behind = Behind(Known(world.declared, world.lazy), asked[at])
        for feature in world.declared.features:
            assert same(behind.values[feature.name], recorded[at][feature.name]), feature
            if isinstance(feature, Latest | Window):
                mine = contributing(oracle, feature, request)
                assert sorted(map(str, behind.counted[feature.name][ID])) == sorted(str(row[brute.ID]) for row in mine), feature
                assert behind.agrees(feature, recorded[at][feature.name]), feature
            elif isinstance(feature, Lookup):
                found = behind.looked_up(feature)
                expected = oracle.looked_up(feature.reference, feature.column, feature.keys, request)
                assert found.height <= 1
                assert same(found[feature.column] if found.height else whole[feature.name].clear(1), payloads_of(expected))


def payloads_of(value: object) -> object:
    """A value of Python as a payload has it."""
    return msgspec.json.decode(msgspec.json.encode(str(value) if isinstance(value, float) and value != value else value))  # noqa: PLR0124

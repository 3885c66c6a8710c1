"""The requests of predictions scored once more, by any version, from what was known when each was made."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import polars as pl

from interlock.errors import ArtifactError, ContractError
from interlock.features import payloads, records
from interlock.features.featureset import FeatureSet
from interlock.lineage.ground import Source
from interlock.serving.known import Known
from interlock.serving.model import Model, Scored
from interlock.serving.record import Prediction
from interlock.serving.snapshot import Rows

UNFIT = (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError)


def known_of(model: Model, source: Source, made: Sequence[Prediction], events: Path) -> Known:
    """What was known at any of the predictions' positions in the event log; raises ArtifactError where the data are others."""
    rows = Rows.at(source.commit)
    for name, now, then in (("data/raw", rows.raw, source.raw), ("data/quarantine", rows.quarantine, source.quarantine)):
        if now != then:
            raise ArtifactError(
                f"{name} of commit {source.commit[:12]} has the hash {now}, recorded is {then}",
                "dvc.lock of that commit, or the record, was altered: restore the repository, or the log, from a backup",
            )
    positions = {each.snapshot.position for each in made}
    return Known.of(model.features, rows.valid(model.features), events, upto=max(positions), mark=positions)


def rescored(model: Model, known: Known, made: Sequence[Prediction]) -> Scored:
    """The requests of predictions, scored from what was known at the position of each."""
    asked = requests(model.features, made)
    places = _positions(model.features, known, asked, made)
    parts, order = [], []
    for position in dict.fromkeys(places):
        rows = [row for row, place in enumerate(places) if place == position]
        parts.append(model.score(known, asked[rows], position))
        order += rows
    if not parts:
        parts.append(model.score(known, asked))
    back = pl.Series(order, dtype=pl.Int64).arg_sort()
    values, scores = (pl.concat(each)[back] for each in ([part.values for part in parts], [part.scores for part in parts]))
    return Scored(asked, values, scores, {})


def _positions(features: FeatureSet, known: Known, asked: pl.DataFrame, made: Sequence[Prediction]) -> list[int]:
    """The position from which each is computed: the last of all where nothing that came later can change it, so as few as can be."""
    changes = {position: known.changes(position) for position in {each.snapshot.position for each in made}}
    as_of = features.request.as_of
    moments = asked[as_of].to_physical().to_list() if as_of else [0] * len(made)
    unmoved = [
        (first := changes[each.snapshot.position]) is None or (moment is not None and moment <= first)
        for each, moment in zip(made, moments, strict=True)
    ]
    return [known.position if same else each.snapshot.position for each, same in zip(made, unmoved, strict=True)]


def requests(features: FeatureSet, made: Sequence[Prediction]) -> pl.DataFrame:
    """The requests of predictions as a version's contract types them; raises ContractError where it asks for what they have not."""
    types = features.request.types
    nullable = set(features.request.nullable)
    for each in made:
        if missing := [name for name in types if name not in each.request and name not in nullable]:
            raise ContractError(
                f"the request has no {missing[0]}, which this version asks for", "it cannot say what it would have answered"
            )
    try:
        return payloads.decoded([msgspec.json.encode(each.request) for each in made], types)
    except UNFIT as error:
        raise ContractError(f"a request is of other types than this version asks for: {error}", "it cannot be scored by it") from None


def recorded(features: FeatureSet, made: Sequence[Prediction]) -> pl.DataFrame:
    """The public features of predictions as they were recorded; raises ArtifactError where one is of another type than declared."""
    types = {feature.name: feature.dtype for feature in features.public}
    try:
        return payloads.decoded([msgspec.json.encode(each.values) for each in made], types)
    except UNFIT as error:
        raise ArtifactError(f"a recorded feature is of another type than its version declares: {error}", records.RESTORE) from None

"""From a prediction back to everything that made it. What cannot be reached is named, and the rest is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec
import polars as pl

from interlock.errors import ArtifactError, GitError, InterlockError
from interlock.features import featureset, payloads
from interlock.features.featureset import FeatureSet
from interlock.files import sha256
from interlock.lineage import origins, released, sourced, told
from interlock.lineage.asked import commit, moment
from interlock.lineage.asked import usecase as usecase_of
from interlock.lineage.known import open_known
from interlock.lineage.rows import Behind
from interlock.lineage.tree import Feature, Model, Origin, Table, Trace, Unreached
from interlock.past import Past
from interlock.serving.known import LOG
from interlock.serving.predictions import Logged
from interlock.serving.record import Prediction

BUNDLE = "models/bundle"
T = TypeVar("T")


@dataclass
class Tracing:
    """One prediction, and what is found of it; at most `most` rows of each feature are told (None: all)."""

    logged: Logged
    prediction: Prediction
    most: int | None
    log: Path = LOG
    unreached: list[Unreached] = field(default_factory=list)

    def reach(self, what: str, call: Callable[[], T], otherwise: T) -> T:
        """What `call` gives; where it fails, `otherwise`, and a line that says what could not be reached."""
        try:
            return call()
        except InterlockError as error:
            self.unreached.append(Unreached(what, error.found, error.remedy))
        except (OSError, pl.exceptions.PolarsError, ValueError, KeyError, msgspec.MsgspecError) as error:
            said = str(error).splitlines() or [""]
            self.unreached.append(Unreached(what, f"{type(error).__name__}: {said[0]}", "it is of another version, or altered"))
        return otherwise

    @cached_property
    def kept(self) -> Past:
        return Past(self.prediction.commit)

    @cached_property
    def seen(self) -> Past:
        """The commit whose rows were known: that of the release, unless the prediction says another."""
        snapshot = self.prediction.snapshot.commit
        return self.kept if snapshot == self.prediction.commit else Past(snapshot)

    def bundle(self) -> Path:
        """The bundle that made the prediction; raises ArtifactError where it is another one."""
        folder = self.kept.folder(BUNDLE)
        if (found := sha256(folder / "manifest.json")) != self.prediction.bundle:
            raise ArtifactError(
                f"the bundle of commit {self.prediction.commit[:12]} is {found[:12]}, the prediction was made by {self.prediction.bundle[:12]}",
                "the tag, the record or dvc.lock was altered: compare them with a backup, or another clone",
            )
        return folder

    def features(self, folder: Path) -> FeatureSet:
        found = featureset.read(folder / "featureset.json")
        if found.fingerprint != self.prediction.features:
            raise ArtifactError(
                f"the features of the bundle are not those of the prediction, {self.prediction.features[:12]}", "see: git log"
            )
        return found

    def behind(self, features: FeatureSet) -> Behind:
        """The rows that were known, as the snapshot names them."""
        snapshot = self.prediction.snapshot
        for path, expected in (("data/raw", snapshot.raw), ("data/quarantine", snapshot.quarantine)):
            if (found := self.seen.outputs.get(path)) != expected:
                raise GitError(
                    f"{path} of commit {snapshot.commit[:12]} is {found}, the prediction names {expected}", "see: git log dvc.lock"
                )
        raw, aside = (self.seen.folder(path) for path in ("data/raw", "data/quarantine"))
        return Behind(open_known(features, raw, aside, snapshot, self.log), self.request(features))

    def request(self, features: FeatureSet) -> pl.DataFrame:
        return payloads.decoded([msgspec.json.encode(self.prediction.request)], features.request.types)


def trace(logged: Logged, most: int | None = 3, log: Path = LOG, only: str | None = None) -> Trace:
    """Everything behind a prediction; of each feature (of `only` one) the first `most` rows that it counted, None for all."""
    prediction = logged.prediction
    if prediction is None:
        gone = Unreached(
            "what the record held", "it was erased; its place and hash are kept", "nothing brings it back; the releases are still known"
        )
        return Trace(logged.id, logged.position, erased=True, unreached=(gone,))
    found = Tracing(logged, prediction, most, log)
    if not Past(prediction.commit).here:
        raised = Past(prediction.commit).missing
        found.unreached.append(Unreached("the commit of the release", raised.found, raised.remedy))
        return _told(found, None, None, None, only)
    folder = found.reach("the bundle", found.bundle, None)
    features = found.reach("the declarations of the features", lambda: found.features(folder), None) if folder else None
    behind = found.reach("the rows of the sources", lambda: found.behind(features), None) if features else None
    return _told(found, folder, features, behind, only)


def _told(found: Tracing, folder: Path | None, features: FeatureSet | None, behind: Behind | None, only: str | None) -> Trace:
    made, at = found.prediction, found.prediction.commit
    reachable = Past(at).here
    usecase = found.reach("the configuration", lambda: usecase_of(at), "") if reachable else made.version.partition("@")[0]
    values: list[Feature] = []
    differ: tuple[str, ...] = ()
    if features:
        values = list(told.features(found, features, behind, usecase, only))
        differ = found.reach("the features, computed again", lambda: told.differ(made, features, behind), ()) if behind else ()
    beginning: tuple[list[Origin], str] = ([], "the request itself, as the caller sent it")
    if features and reachable:
        beginning = found.reach(
            "where the request came from", lambda: origins.origins(found.seen, features, found.request(features)), beginning
        )
    model = found.reach("the release", lambda: released.model(made, usecase, folder), Model(made.version, made.commit, made.bundle))
    tables: list[Table] = []
    if reachable:
        tables = found.reach("the sources", lambda: list(sourced.tables(found.seen, usecase, values, beginning[0])), [])
        found.reach("the rows of the sources, in place", lambda: sourced.fill(found.seen, tables), None)
    if behind and behind.known.erased:
        found.unreached.append(
            Unreached("events", f"{behind.known.erased} events were erased from {found.log}", "nothing brings them back")
        )
    return Trace(
        id=found.logged.id,
        position=found.logged.position,
        erased=False,
        made=moment(made.time),
        channel=made.channel,
        usecase=usecase,
        request=found.request(features).row(0, named=True) if features else made.request,
        origins=tuple(beginning[0]),
        origin=beginning[1],
        scores=made.scores,
        snapshot=msgspec.to_builtins(made.snapshot),
        watermarks={name: None if mark is None else moment(mark) for name, mark in made.watermarks.items()},
        features=tuple(values),
        differ=differ,
        model=model,
        commit=found.reach("the commit", lambda: commit(at), None) if reachable else None,
        data=found.reach("the provenance", lambda: released.provenance(folder), {}) if folder else {},
        tables=tuple(tables),
        unreached=tuple(found.unreached),
    )

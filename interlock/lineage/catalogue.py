"""The catalog: datasets, features and models, who owns them, how they are, and what depends on what. Read from files and git alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from interlock import params
from interlock.catalog import Catalog, CatalogTable
from interlock.contracts import freshness
from interlock.errors import ArtifactError
from interlock.features import featureset, logic
from interlock.features.featureset import AnyFeature, FeatureSet, Latest, Lookup, Window
from interlock.files import by_name, read_json
from interlock.lineage.commits import committed, pinned, tagged
from interlock.lineage.entries import CatalogFeature, CatalogModel, Dataset, Found
from interlock.lineage.noted import notes
from interlock.releases import deployments
from interlock.releases.registry import Registry, Release

EXPORTED, REPORTS = Path("data/features/featureset.json"), Path("reports")
FEATURES, METRICS = "reports/features.json", "reports/metrics.json"
HEADLINES = ("auc", "balanced_accuracy", "r2", "rmse", "mae")


@dataclass(frozen=True)
class Reading:
    """One look at the project in the current folder, at `now`."""

    now: datetime

    @cached_property
    def usecase(self) -> str:
        return params.load("usecase.name", str)

    @cached_property
    def about(self) -> Catalog:
        return params.load("usecase.catalog", Catalog)

    @cached_property
    def declared(self) -> FeatureSet:
        """The features as the last run exported them, or, where they were edited since, as the use case declares them."""
        sources = list(Path("usecases", self.usecase).glob("*.py"))
        if EXPORTED.is_file() and all(file.stat().st_mtime <= EXPORTED.stat().st_mtime for file in sources):
            try:
                return featureset.read(EXPORTED)
            except ArtifactError:
                pass  # of another version: the declarations are read anew
        from interlock.features import collect

        return collect.load(self.usecase)

    @cached_property
    def sound(self) -> tuple[list[Release], list[str]]:
        return Registry(self.usecase).sound()

    @property
    def releases(self) -> list[Release]:
        return self.sound[0]

    @cached_property
    def running(self) -> dict[str, list[str]]:
        """The stages of life that run each version now."""
        found: dict[str, list[str]] = {}
        for stage, deployment in deployments.now().items():
            found.setdefault(deployment.version, []).append(stage)
        return found

    @cached_property
    def reports(self) -> dict[str, Any]:
        """What the releases' commits say in their reports, by commit and path."""
        return committed(f"{release.commit}:./{path}" for release in self.releases for path in (FEATURES, METRICS))

    def datasets(self) -> Iterator[Dataset]:
        seen = read_json(REPORTS / "validation.json")["tables"] if (REPORTS / "validation.json").is_file() else {}
        stale = {each.table: each.found for each in freshness.look(self.now)}
        changes = pinned(self.usecase)
        for name, entry in self.about.tables.items():
            when, who = changes.get(name, ("", ""))
            report = seen.get(name, {})
            readers = tuple(feature.name for feature in self.declared.public if name in tables_of(self.declared, feature))
            yield Dataset(
                name, self._part(name), entry.description, self.about.owner_of(name), entry.licence, entry.fresh, _fresh(entry, stale.get(name)),
                when, who, report.get("rows"), report.get("quarantined"), readers,
            )  # fmt: skip

    def features(self) -> Iterator[CatalogFeature]:
        ranks = {row["feature"]: row["rank"] for row in _importances()}
        known = {release.tag: _names(self.reports.get(f"{release.commit}:./{FEATURES}")) for release in self.releases}
        for feature in self.declared.public:
            tables = tuple(sorted(tables_of(self.declared, feature)))
            view = getattr(feature, "history", "") or getattr(feature, "reference", "")
            releases = tuple(tag for tag, names in known.items() if names.get(feature.name) == self.declared.fingerprints[feature.name])
            readers = tuple(other.name for other in self.declared.features if feature.name in self.declared.reads(other))
            yield CatalogFeature(
                feature.name, str(feature.__struct_config__.tag), feature.about.description, feature.about.unit, view, tables,
                logic.words(feature), self.about.owner, readers, ranks.get(feature.name), releases,
            )  # fmt: skip

    def models(self) -> Iterator[CatalogModel]:
        tags = tagged(self.usecase) if self.releases else {}
        for release in reversed(self.releases):
            when, who = tags.get(release.tag, ("", ""))
            metric, value = _headline(self.reports.get(f"{release.commit}:./{METRICS}"))
            names = _names(self.reports.get(f"{release.commit}:./{FEATURES}"))
            yield CatalogModel(
                release.tag, when, who, self.about.owner, self.about.description, metric, value, tuple(self.running.get(release.tag, ())),
                release.commit, len(names) or None,
            )  # fmt: skip

    def _part(self, table: str) -> str:
        if table in self.declared.references:
            return "reference"
        return "history" if any(history.source == table for history in self.declared.histories.values()) else "source"


def look(now: datetime) -> Found:
    """Everything that the catalog holds."""
    reading = Reading(now)
    datasets, features, models = tuple(reading.datasets()), tuple(reading.features()), tuple(reading.models())
    return Found(reading.usecase, datasets, features, models, tuple(notes(*reading.sound, reading.running)))


def tables_of(declared: FeatureSet, feature: AnyFeature) -> set[str]:
    """The sources that a feature comes from, those of the features that it reads included."""
    found = set[str]()
    match feature:
        case Lookup():
            found = {feature.reference}
        case Latest() | Window():
            history = declared.histories[feature.history]
            found = {history.source, *(look.reference for look in history.lookups.values())}
    inner = [declared.by_name[name] for name in declared.reads(feature) if name in declared.by_name]
    return found.union(*(tables_of(declared, each) for each in inner))


def _fresh(entry: CatalogTable, stale: str | None) -> str:
    if entry.fresh is None:
        return "no promise"
    return stale or f"fresh, within {entry.fresh}"


def _importances() -> Sequence[Mapping[str, Any]]:
    path = REPORTS / "explain.json"
    return list(read_json(path).get("global", ())) if path.is_file() else []


def _names(report: Any) -> dict[str, str]:
    """The features of a report with their fingerprints."""
    return {name: each.get("fingerprint", "") for name, each in by_name(report).items()} if report else {}


def _headline(report: Any) -> tuple[str, float | None]:
    test = (report or {}).get("test") or {}
    metric = next((name for name in HEADLINES if isinstance(test.get(name), int | float)), "")
    return metric, test.get(metric)

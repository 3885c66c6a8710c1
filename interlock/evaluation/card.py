"""The model card (Mitchell et al., "Model Cards for Model Reporting", 2019), filled from facts only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from interlock.catalog import Catalog
from interlock.evaluation import card_findings as findings
from interlock.evaluation.markdown import plain, table
from interlock.evaluation.words import settings

SHORT = 12


@dataclass(frozen=True)
class Facts:
    """What a card is made of: `reports` by name, `period` the first and the last moment asked for, where time matters."""

    usecase: str
    catalog: Catalog
    period: tuple[str, str] | None
    configuration: Mapping[str, Any]
    reports: Mapping[str, Any]
    provenance: Mapping[str, Any]

    @property
    def task(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.configuration["usecase"]["task"]
        return found


def card(facts: Facts) -> str:
    """The card as Markdown; what no report says is not on it."""
    reports = facts.reports
    sections = {
        "Intended use": _use(facts),
        "Verdict": _verdict(reports["gates"]),
        "Data": _data(facts),
        "Metrics": findings.metrics(reports["metrics"], facts.task),
        "Decision": findings.decision(reports["metrics"], reports["fairness"]),
        "Slices of the test rows": findings.slices(reports["slices"], facts.task["kind"]),
        "Fairness": findings.fairness(reports["fairness"], facts.task),
        "Leakage": findings.leakage(reports["leakage"]) if "leakage" in reports else "",
        "Limits that stress found": findings.limits(reports["stress"]),
        "What moves its scores": findings.drivers(reports["explain"], reports.get("features")) if "explain" in reports else "",
        "Provenance": _provenance(facts.provenance),
    }
    said = [f"## {name}\n\n{text}" for name, text in sections.items() if text]
    return "\n\n".join([f"# Model card: {plain(facts.usecase)}", *said]) + "\n"


def _use(facts: Facts) -> str:
    task = facts.task
    about = {
        "binary": lambda: f"the probability of: {plain(task['positive'])}",
        "multiclass": lambda: f"the probability of each of: {', '.join(map(plain, task['classes']))}",
        "regression": lambda: f"a number in {plain(task['unit'])}",
    }[task["kind"]]()
    return f"{plain(facts.catalog.description)}\n\nA score is {about}.\n\nOwner: {plain(facts.catalog.owner)}."


def _verdict(gates: Mapping[str, Any]) -> str:
    lines = [f"- {plain(found['name'])}: {plain(found['words'])}. {plain(found['why'])}" for found in gates["gates"]]
    return "\n".join([f"**{gates['verdict']}**", "", *(lines or ["No gate was declared."])])


def _data(facts: Facts) -> str:
    period = f"Asked from {facts.period[0]} to {facts.period[1]}." if facts.period else "Time plays no part."
    usecase = facts.configuration["usecase"]
    rows = table(["rows", "number"], facts.reports["metrics"]["rows"].items())
    tables = [[name, one.description, one.licence, facts.catalog.owner_of(name)] for name, one in facts.catalog.tables.items()]
    described = table(["table", "description", "licence", "owner"], tables)
    return "\n\n".join([f"{period} World: {plain(usecase['world']['name'])}. Split: {plain(settings(usecase['split']))}.", rows, described])


def _provenance(provenance: Mapping[str, Any]) -> str:
    parts = ((part, name, digest[:SHORT]) for part, files in provenance["made_from"].items() for name, digest in files.items())
    return table(["part", "file", "SHA-256"], parts)

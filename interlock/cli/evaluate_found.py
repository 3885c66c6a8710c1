"""What `interlock evaluate` shows: the reports that are here, what params.yaml and the model say of themselves, and whether they belong together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path
from typing import Any

from interlock import lock, params
from interlock.errors import ArtifactError, GitError
from interlock.evaluation import bindings, reports
from interlock.files import read_json, sha256

SAYING = ("gates", "metrics", "fairness", "leakage", "stress", "explain", "parity")
LISTING = (
    "slices", "features", "learning_curve", "roc", "precision_recall", "calibration", "score_distribution", "gain", "thresholds",
    "residuals", "confusion", "classes",
)  # fmt: skip
JUDGED = {"name", "verdict", "report", "metric", "kind", "bound", "words", "why"}
MODEL = Path("models/model/model.json")


@dataclass(frozen=True)
class Found:
    """The reports by name, those alone that are here; `odd` says what does not belong to the verdict."""

    usecase: str
    task: Mapping[str, Any]
    said: Mapping[str, Any]
    model: Mapping[str, Any]
    reports: Mapping[str, Any]
    odd: tuple[str, ...] = ()
    about: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return str(self.task.get("kind", "binary"))

    def get(self, name: str) -> Any:
        """A report; empty where it is not here, or has nothing to say."""
        return self.reports.get(name) or {}

    def bound(self, report: str, metric: str) -> Mapping[str, Any] | None:
        """The gate on a metric, as the verdict has it."""
        gates = self.get("gates").get("gates") or []
        return next((gate for gate in gates if (gate["report"], gate["metric"]) == (report, metric)), None)


def find() -> Found:
    """Read the current project; raises ArtifactError where a report is no JSON, ConfigError where params.yaml is not here."""
    said = params.read_yaml(params.PARAMS)
    usecase = said.get("usecase") or {}
    there, model = reports.read((*SAYING, *LISTING)), _model()
    found = {name: report for name, report in there.items() if _sound(name, report)}
    strange = [f"{reports.path(name)} is not what this version of interlock writes." for name in there if name not in found]
    odd = (*strange, *_odd(usecase.get("name"), said, found.get("gates") or {}))
    task = model.get("task") or usecase.get("task") or {}
    return Found(str(usecase.get("name")), task, said, model, found, odd, _about(found.get("features") or []))


def _sound(name: str, report: Any) -> bool:
    """Whether a report has the outline that sections count on; what is within, they find out."""
    if name in LISTING:
        return isinstance(report, list) and all(isinstance(record, Mapping) for record in report)
    if name != "gates" or not isinstance(report, Mapping):
        return isinstance(report, Mapping)
    gates = report.get("gates")
    return "verdict" in report and isinstance(gates, list) and all(isinstance(gate, Mapping) and gate.keys() >= JUDGED for gate in gates)


def _model() -> Mapping[str, Any]:
    try:
        found = read_json(MODEL) if MODEL.is_file() else {}
    except ValueError as error:
        raise ArtifactError(f"{MODEL} is not JSON: {error}", "delete models/model and run: make") from error
    return found if isinstance(found, Mapping) else {}


def _about(features: Iterable[Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """Description and unit of each feature."""
    return {str(each["name"]): each for each in features if "name" in each}


def _odd(usecase: Any, said: Mapping[str, Any], gates: Mapping[str, Any]) -> Iterator[str]:
    """What the verdict does not speak of; nothing is said of what is not here at all."""
    if not gates:
        return
    if gates.get("usecase") != usecase:
        yield f"The verdict is on {gates.get('usecase')}, and params.yaml speaks of {usecase}."
    binds = {str(one.get("name")): one.get("sha256") for one in gates.get("binds") or []}
    changed = sorted({*_other(binds.get("reports") or {}), *_edited()})
    if changed:
        yield f"These reports are not those that the verdict was given on: {', '.join(changed)} changed since."
    if _folder(binds.get("model") or {}):
        yield "The model in models/model is not the one that the verdict was given on."
    if (asked := binds.get("gates")) and bindings.configuration(_gates(said)) != asked:
        yield "The gates in params.yaml are not those that the verdict was given by."


def _gates(said: Mapping[str, Any]) -> Any:
    """The gates as the stage binds them."""
    import msgspec

    from interlock.evaluation.gates import Gates

    return msgspec.to_builtins(params.convert(said.get("gates") or {}, Gates, "gates"))


def _other(hashes: Mapping[str, str]) -> Iterator[str]:
    """Files that are not here, or have another hash."""
    yield from (name for name, digest in hashes.items() if not Path(name).is_file() or sha256(Path(name)) != digest)


def _folder(hashes: Mapping[str, str]) -> bool:
    """Whether a file of the model is here and another than was judged; a clone without data has none."""
    files = {MODEL.parent / name: digest for name, digest in hashes.items()}
    return any(path.is_file() and sha256(path) != digest for path, digest in files.items())


def _edited() -> Iterator[str]:
    """Reports that are not as the last run left them; nothing is said where there is no dvc.lock."""
    if not lock.LOCK.is_file():
        return
    try:
        stages = lock.read(lock.LOCK.read_bytes(), str(Path.cwd()))
    except (GitError, *params.UNREADABLE):
        return
    outputs = {path: digest for stage in stages.values() for path, digest in stage.outputs.items()}
    for path in map(reports.path, (*SAYING, *LISTING)):
        digest = outputs.get(path.as_posix())
        if digest and path.is_file() and md5(path.read_bytes(), usedforsecurity=False).hexdigest() != digest:
            yield path.as_posix()

"""train: features and labels → a model, its calibrator, its baselines and its learning curve."""

from pathlib import Path

from interlock import params
from interlock.errors import guard
from interlock.features import featureset
from interlock.files import write_json
from interlock.modeling import artifact
from interlock.modeling.artifact import Artifact
from interlock.modeling.dataset import Dataset
from interlock.modeling.decision import Decision, Fairness
from interlock.modeling.spec import Model
from interlock.modeling.split import Split
from interlock.modeling.task import Task
from interlock.modeling.train import fit

FEATURES = Path("data/features")
MODEL = Path("models/model")
CURVE = Path("reports/learning_curve.json")


def main() -> None:
    task: Task = params.load("usecase.task", Task)  # type: ignore[arg-type] # a union is no type[T]
    split: Split = params.load("usecase.split", Split)  # type: ignore[arg-type] # a union is no type[T]
    model = params.load("model", Model)
    fairness: Fairness | None = params.load("usecase.fairness", Fairness, default=None)
    decision = params.load("usecase.decision", Decision, default=Decision())
    dataset = Dataset.open(FEATURES, split)
    trained = fit(dataset.rows("train"), dataset.rows("validation"), model, task, fairness, decision)
    described = Artifact(
        task=task,
        featureset=featureset.read(FEATURES / "featureset.json").fingerprint,
        features=tuple(trained.encoder.names),
        rounds=trained.rounds,
        booster=artifact.digest(trained.booster),
        baselines=trained.baselines,
        rows={name: dataset.counts(name) for name in ("train", "validation")},
        calibrator=trained.calibrator,
        encoder=trained.encoder,
        mitigation=trained.mitigation,
    )
    artifact.write(MODEL, described, trained.booster)
    write_json(CURVE, trained.curve)


if __name__ == "__main__":
    guard(main)

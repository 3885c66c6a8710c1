"""The files of a trained model: `booster.txt`, and `model.json` with all else that a score depends on."""

import hashlib
from pathlib import Path

import msgspec

from interlock.errors import ArtifactError
from interlock.files import write_json, write_text
from interlock.modeling import agreement
from interlock.modeling.baselines import Baselines
from interlock.modeling.calibrate import Calibrator
from interlock.modeling.encode import Encoder
from interlock.modeling.mitigate import Thresholds
from interlock.modeling.task import Task

BOOSTER, MODEL = "booster.txt", "model.json"


class Artifact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trained model, less its trees: these are the file whose SHA-256 is `booster`.

    `features` is the order of the booster's columns, `featureset` the fingerprint of their declarations, `baselines`
    what it must beat, `rows` what each split was made of. `calibrator` makes scores of raw scores, and `mitigation`
    those of protected groups as fair as it can.
    """

    task: Task
    featureset: str
    features: tuple[str, ...]
    rounds: int
    booster: str
    baselines: Baselines
    rows: dict[str, dict[str, int]]
    calibrator: Calibrator
    encoder: Encoder
    mitigation: Thresholds | None = None

    def __post_init__(self) -> None:
        """Raises ValueError, as msgspec asks, that names the key of what does not agree with the rest."""
        if found := next(agreement.contradictions(self), None):
            raise ValueError(found)

    @property
    def reads(self) -> list[str]:
        """The features that a score depends on."""
        return list(dict.fromkeys([*self.features, *(self.mitigation.attributes if self.mitigation else ())]))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write(folder: Path, artifact: Artifact, booster: str) -> None:
    write_text(folder / BOOSTER, booster)
    write_json(folder / MODEL, msgspec.to_builtins(artifact))


def read(folder: Path) -> tuple[Artifact, str]:
    """The artifact in `folder` and its booster's text; raises ArtifactError where a file is missing, damaged or altered."""
    try:
        artifact = msgspec.json.decode((folder / MODEL).read_bytes(), type=Artifact)
        booster = (folder / BOOSTER).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ArtifactError(f"{error.filename} does not exist", "run: make") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{folder} is damaged: {error}", f"run: dvc checkout {folder}") from error
    if digest(booster) != artifact.booster:
        raise ArtifactError(f"{folder / BOOSTER} is not the booster that {MODEL} names", f"run: dvc checkout {folder}")
    return artifact, booster

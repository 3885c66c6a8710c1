"""The model of a champion, from the folder of a bundle, which is verified, or of a model."""

from pathlib import Path
from typing import TYPE_CHECKING

from interlock.errors import ArtifactError

if TYPE_CHECKING:
    from interlock.modeling.score import Scorer


def opened(folder: Path) -> "Scorer":
    """Raises ArtifactError where there is no model in `folder`, or the bundle is not what its manifest says."""
    from interlock import bundle
    from interlock.modeling.artifact import MODEL
    from interlock.modeling.score import Scorer

    if (folder / bundle.MANIFEST).exists():
        bundle.verify(folder)
        return Scorer.open(folder / bundle.MODEL)
    if not (folder / MODEL).exists():
        raise ArtifactError(f"{folder} holds neither {bundle.MANIFEST} nor {MODEL}", "name the folder of a bundle or of a model")
    return Scorer.open(folder)

"""How long what a prediction was made from is kept."""

from typing import Annotated, TypeAlias

from msgspec import Meta

from interlock import params
from interlock.durations import microseconds

Retention: TypeAlias = Annotated[str, Meta(pattern=r"^[1-9]\d{0,5}[dw]$", description="A length of time such as 400d")]


def kept() -> int | None:
    """For how many microseconds the payload of a prediction is kept; None where conf does not limit it."""
    said: str | None = params.load("usecase.retention", Retention, default=None)
    return None if said is None else microseconds(said)

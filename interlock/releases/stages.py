"""The stages of life that a version goes through, in order."""

from typing import Annotated

from msgspec import Meta

from interlock.errors import ConfigError
from interlock.params import Section

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


class Stages(Section, frozen=True):
    """The allowed stages, the earliest first: a version runs in each before it may run in the next."""

    order: Annotated[tuple[Name, ...], Meta(min_length=1)] = ("staging", "prod")

    def __post_init__(self) -> None:
        if len(set(self.order)) < len(self.order):
            raise ValueError("a stage is named twice")

    def known(self, name: str) -> str:
        """`name`, if it is a stage; raises ConfigError where it is none."""
        if name not in self.order:
            raise ConfigError(f"{name!r} is no stage of life", f"usecase.stages has: {', '.join(self.order)}")
        return name

    def before(self, name: str) -> str | None:
        """The stage before a stage, None before the first."""
        place = self.order.index(self.known(name))
        return self.order[place - 1] if place else None

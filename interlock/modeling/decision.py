"""What a use case says of the decisions that are made by its scores, and of the groups that they must not fall on unequally."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from interlock.params import Section

Cost: TypeAlias = Annotated[float, Meta(ge=0, le=1e12)]
Chosen: TypeAlias = Literal["least_cost", "accuracy", "balanced_accuracy", "f1"]


class Costs(Section, frozen=True):
    """What a row costs that is selected and should not be, and one that should be and is not; in any unit."""

    false_positive: Cost = 1.0
    false_negative: Cost = 1.0


class Decision(Section, frozen=True):
    """The score from which a row is selected, or what the threshold does best on the validation rows.

    Of a regression the threshold is a number in the unit of the label; of several classes a row is selected whose likeliest
    class is one of `favourable`.
    """

    threshold: float | Chosen = "least_cost"
    costs: Costs = Costs()
    favourable: tuple[str, ...] = ()


class Fairness(Section, frozen=True):
    """Protected columns, alone and crossed, and the rows below which a group is left out.

    They are measured. Where they are features the model gets them only if `inputs` says so. Gaps and ratios are between the
    groups of at least `compared` rows, whose rates are sure enough for that; without it between all that are measured.
    """

    attributes: Annotated[list[str], Meta(min_length=1)]
    minimum: Annotated[int, Meta(ge=2)]
    crossings: tuple[Annotated[list[str], Meta(min_length=2)], ...] = ()
    inputs: bool = False
    compared: Annotated[int, Meta(ge=2)] | None = None

    def __post_init__(self) -> None:
        if self.compared is not None and self.compared < self.minimum:
            raise ValueError("compared is no less than minimum: what is not measured cannot be compared")

    @property
    def between(self) -> int:
        """The rows that a group needs to be compared."""
        return self.compared or self.minimum

    @property
    def read(self) -> list[str]:
        """Every column that groups are made of."""
        return list(dict.fromkeys([*self.attributes, *(name for crossing in self.crossings for name in crossing)]))

"""What is predicted."""

from typing import get_args, get_type_hints

from interlock.modeling.task import KINDS, Task


def test_every_kind_that_conf_may_name_has_an_entry() -> None:
    """The kinds that params.yaml accepts are those of the table, so a new kind is one entry."""
    assert set(get_args(get_type_hints(Task)["kind"])) == set(KINDS)

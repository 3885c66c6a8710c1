"""Models of real flights, trained once, for the tests of what uses them."""

import pytest

from tests.modeled_flights import TASKS
from tests.modeling.examples import Example, built


@pytest.fixture(scope="session")
def example() -> Example:
    return built("binary")


@pytest.fixture(scope="session", params=list(TASKS))
def each(request: pytest.FixtureRequest) -> Example:
    """The example of each task, one after the other."""
    return built(request.param)

"""JSON that no reader can take is one kind of error, whatever is wrong with it."""

import json
from pathlib import Path

import pytest

from interlock.files import read_json


@pytest.mark.parametrize("text", ["", "{", "nope", "[" * 100_000, "9" * 5_000, "\ufeff{}"], ids=lambda text: text[:5])
def test_json_that_cannot_be_read_is_one_error(text: str, tmp_path: Path) -> None:
    """Empty, cut, too deep or with a number too long: each is a JSONDecodeError, never a defect."""
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(json.JSONDecodeError):
        read_json(path)

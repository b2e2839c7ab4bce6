"""What several tests of readers share."""

import json

import pytest


@pytest.fixture
def write(tmp_path):
    """Write a file as a publisher does, text or JSON; return its path."""

    def to_file(content, name="file.csv"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return to_file

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests import what makes their runs by name

from report_runs import make_two_runs


@pytest.fixture
def two_runs(tmp_path):
    return make_two_runs(tmp_path)

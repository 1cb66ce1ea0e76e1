import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # workers and subprocesses import the toys by name

import evaluation_toys  # noqa: F401

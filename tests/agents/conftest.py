from __future__ import annotations

from pathlib import Path

import pytest
from agents_tiny import write_tiny_model


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder; read only."""
    pytest.importorskip("torch", reason="the llm extra is not installed")
    pytest.importorskip("transformers", reason="the llm extra is not installed")
    import torch

    torch.set_num_threads(1)  # more of them only wait for each other on a model this small
    return write_tiny_model(tmp_path_factory.mktemp("tiny"))

"""The rows of the catalogue for verifiers of programs; strings only, nothing is loaded."""

from collections.abc import Mapping
from typing import Any

from assay.core.types import Problem
from assay.verifiers.catalogue_row import Entry, Example

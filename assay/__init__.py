"""assay: Gymnasium environments whose outcomes can be trusted."""

__version__ = "0.1.0"

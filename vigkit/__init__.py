"""vigkit: workbooks for reflective practice with your own films."""

__version__ = "0.1.0"

"""The training kit on harmonising migration data in West Africa."""

__version__ = "0.1.0"

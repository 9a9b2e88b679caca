"""Handing tables on: regional templates as workbooks and as SDMX, and reading those of others."""

__all__: list[str] = []

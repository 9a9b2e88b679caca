"""Protecting people in what is published: risk, disclosure control of files and of tables, and what it costs."""

__all__: list[str] = []

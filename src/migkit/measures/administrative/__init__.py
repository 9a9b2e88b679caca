"""Administrative sources: cleaning, duplicates, and the way from events to stocks and flows."""

__all__: list[str] = []

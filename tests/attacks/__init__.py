"""Hostile hand-ins, and the tiny class that they attack."""

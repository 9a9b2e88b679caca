"""The office's own file: read, mapped to the harmonised columns, checked, and turned into the tables of the kit.

Nothing here changes the file, and nothing that names a person leaves it: only the columns of the map are used, and
what is written are counts, codes and row numbers.
"""

from migkit.own.checking import Finding, check, write_findings
from migkit.own.harmonising import Harmonised, harmonise
from migkit.own.mapping import Column, Map, propose, read_map, write_map
from migkit.own.reading import OwnFile, read

__all__ = [
    "Column",
    "Finding",
    "Harmonised",
    "Map",
    "OwnFile",
    "check",
    "harmonise",
    "propose",
    "read",
    "read_map",
    "write_findings",
    "write_map",
]

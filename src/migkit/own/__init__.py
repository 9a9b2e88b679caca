"""The office's own file: read, mapped to the harmonised columns, checked, and turned into the tables of the kit.

Nothing here changes the file, and nothing that names a person leaves it: only the columns of the map are used, and
what is written are counts, codes and row numbers.
"""

from migkit.own.checking import Finding, check, write_findings
from migkit.own.harmonising import Harmonised, harmonise
from migkit.own.map_file import read_map, write_map
from migkit.own.mapping import Column, Map
from migkit.own.proposing import propose
from migkit.own.quality_page import write_quality_page
from migkit.own.reading import OwnFile, read
from migkit.own.tabulating import OwnTables, make_tables, write_tables

__all__ = [
    "Column",
    "Finding",
    "Harmonised",
    "Map",
    "OwnFile",
    "OwnTables",
    "check",
    "harmonise",
    "make_tables",
    "propose",
    "read",
    "read_map",
    "write_findings",
    "write_map",
    "write_quality_page",
    "write_tables",
]

"""What a lesson notebook imports beside ``migkit.measures``.

Light on purpose: numpy, pandas and matplotlib; ipywidgets only when an explorer is shown.
"""

from migkit.lesson import charts, explorers
from migkit.lesson.charts import Chart, show
from migkit.lesson.checking import check
from migkit.lesson.data import EXAMPLE_FILE, load, load_own, map_columns, truth
from migkit.lesson.maps import birthplace_map
from migkit.lesson.messages import install as _install
from migkit.lesson.room import hand_in, join_room
from migkit.lesson.saving import save_file
from migkit.lesson.schemas import check_file
from migkit.lesson.tables import OfficialTable, official_table

_install()

__all__ = [
    "EXAMPLE_FILE",
    "Chart",
    "OfficialTable",
    "birthplace_map",
    "charts",
    "check",
    "check_file",
    "explorers",
    "hand_in",
    "join_room",
    "load",
    "load_own",
    "map_columns",
    "official_table",
    "save_file",
    "show",
    "truth",
]

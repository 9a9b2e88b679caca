"""The regional template: what its sheets hold, where, and the signs in its cells; both sides read it here."""

from migkit.reference.language import N_

#: The first sheet: what each table is. Receivers look for it.
CONTENTS = "Contents"
#: Rows of a table's sheet: title, who and when, universe, mark; the table itself begins below.
TITLE_ROW, SENDER_ROW, UNIVERSE_ROW, MARK_ROW, FIRST_ROW = 1, 2, 3, 4, 6
#: What stands in a cell without a value.
HIDDEN, NO_VALUE = "c", ":"
MARK = "SYNTHETIC DATA: not official statistics"
#: The facts about a table, in the order of the contents sheet.
PRINTED = ("key", "title", "universe", "unit", "source", "notes")
FACTS = (*PRINTED, "universe_rule", "measure", "weight", "rows", "columns", "country", "period", "agency",
         "contact",
         "standard", "proposed", "cells", "suppressed", "synthetic")  # fmt: skip
LEGEND = (
    (":", N_("no value")),
    ("c", N_("confidential: few persons, or hidden so that these cannot be worked out")),
)

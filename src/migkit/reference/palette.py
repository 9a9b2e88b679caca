"""The kit's colours, for screen, projector and print.

Chosen to stay apart for the common kinds of colour blindness and, by lightness, in grey print.
The book's style sheet and the document templates use the same values (a test compares them).
"""

INK = "#1d2b36"  # text
TEAL = "#0b5563"  # first series, headings, links
OCHRE = "#c8791b"  # second series, accents
BRICK = "#a23b2a"  # warnings, third series
LEAF = "#5b8c5a"  # right answers, fourth series
MIST = "#dfe7ea"  # rules, empty areas
SAND = "#f4ede1"  # paper, panels
WHITE = "#ffffff"

#: Order of use when a chart needs several series.
SERIES: tuple[str, ...] = (TEAL, OCHRE, BRICK, LEAF)

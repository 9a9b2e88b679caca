"""How the exercises are written. nbgrader reads this file; so does every class that the kit makes from them.

Only what belongs to the exercises stands here; where a class keeps its files and how it grades is its own matter.
"""

c = get_config()  # noqa: F821  (nbgrader puts it there)

c.CourseDirectory.course_id = "migration_data"

# What a participant sees in place of a solution. The answer's name and its dots stand above it.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE: replace the dots above; add lines if you need them"}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"

# The rules for marking lie beside the notebook, and nbgrader hands out what lies there.
c.CourseDirectory.ignore.append("marking.yml")

# A cell that takes longer has gone wrong: the slowest solution needs about a second.
c.ExecutePreprocessor.timeout = 60

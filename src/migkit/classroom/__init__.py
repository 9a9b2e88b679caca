"""The class, from roster to results, on nbgrader's own API, folders and gradebook."""

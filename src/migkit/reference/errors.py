"""The one kind of error that a user sees."""


class KitError(Exception):
    """A mistake that the user can mend: one clear sentence saying what, where and how.

    The command line and the notebooks print its text alone, without a traceback.
    """

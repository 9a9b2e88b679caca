"""How a scale is written on the command line."""

import click

from migkit.reference import KitError, _


class Scale(click.ParamType[float]):
    """A number between 0 and 1, also written as 1:100 or 1/100."""

    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number that ``value`` stands for."""
        text = str(value).replace(" ", "").replace(":", "/")
        try:
            top, _slash, bottom = text.partition("/")
            return float(top) / float(bottom or 1)
        except (ValueError, ZeroDivisionError):
            raise KitError(
                _("The scale {value!r} is not a number; write 0.01 or 1:100.").format(value=str(value))
            ) from None

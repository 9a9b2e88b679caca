"""The language of what Python code says to people: gettext over locale/, English where there is no translation."""

import gettext
import os

from migkit.reference.paths import ROOT

_translations: gettext.NullTranslations = gettext.NullTranslations()


def set_language(language: str) -> None:
    """Speak ``language`` ("en", "fr", "pt") from now on."""
    global _translations
    _translations = gettext.translation("migkit", ROOT / "locale", languages=[language], fallback=True)


def current_language() -> str:
    """The language in force: "en" too where there is no translation into the one that was asked for."""
    return _translations.info().get("language", "") or "en"


def _(text: str) -> str:
    """``text`` in the language in force. Put values in with ``_("{n} rows").format(n=n)``, never an f-string."""
    return _translations.gettext(text) if text else text


def N_(text: str) -> str:
    """``text`` unchanged: marks a constant for the message catalogues, to be shown later through ``_()``."""
    return text


set_language(os.environ.get("KIT_LANG", "en"))

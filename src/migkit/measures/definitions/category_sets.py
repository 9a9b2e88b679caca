"""The categories of labour migration, refugees, internal displacement and statelessness, as data.

Sentences are ours, never a quotation. ``note`` says what could not be checked at the source.

    >>> sorted(CATEGORY_SETS)
    ['icls20_2018', 'iris_2020', 'iross_2023', 'irrs_2018']
    >>> CATEGORY_SETS["irrs_2018"].groups["asylum_seeker"]
    'in need of international protection'

Columns they ask for, with codes of the kit's lists: ``resident``, ``former_refugee``, ``parent_refugee``,
``joined_refugee``, ``displaced``, ``vulnerable``, ``parent_idp``, ``household_idp``, ``former_stateless``,
``labour_here`` (list yes_no); ``activity`` (activity); ``reason`` (reason); ``protection``, ``returned_from``
(protection_status); ``idp_location`` (idp_location); ``nationality_status`` (nationality_status); ``age`` in
years; ``worked_abroad_months`` in months; ``country_birth`` and ``citizenship``.
"""

from typing import Any

from migkit.measures._input import number, shown
from migkit.measures.definitions.categories import AtLeast, CategorySet, Condition, Foreign, Is, rule_where
from migkit.reference import KitError, _
from migkit.reference.language import N_

_ICLS = N_("ILO, Guidelines concerning statistics of international labour migration, 20th ICLS (2018)")
_IRRS = N_("EGRIS, International Recommendations on Refugee Statistics (2018)")
_IRIS = N_("EGRIS, International Recommendations on Internally Displaced Persons Statistics (2020)")
_IROSS = N_("EGRISS, International Recommendations on Statelessness Statistics (2023)")

YES_ONLY, NO_ONLY = ("Y",), ("N",)
_MIGRANTS = ("either", "foreign_born", "foreign_citizen")


def labour_migration(migrants: str = "either", least_age: float = 15, months_abroad: float = 6) -> CategorySet:
    """The three concepts of the 20th ICLS (2018), as a set of rules.

    International migrant workers are (a) usual residents who are international migrants and in the labour force of
    the country, employed or unemployed; (b) non-resident foreign workers, who are not usual residents but are
    present and work for producers of the country, or seek work there. For-work international migrants came in
    order to work, whether they do now or not. Return international migrant workers live here and were
    international migrant workers elsewhere before, whatever their citizenship and their work now. One person can
    be several of these.

    Left out by the guidelines: foreign diplomats and military, travellers whose main purpose is not work, those
    who serve the country from abroad; leave them out of the table (``labour_here`` is "N" for them).

    Source: ILO, Guidelines concerning statistics of international labour migration, 20th International Conference
    of Labour Statisticians (2018). The age from which people can work and the months abroad are the office's
    choice; 15 years and 6 months are assumptions.

    Args:
        migrants: who is an international migrant: "foreign_born", "foreign_citizen" or "either" of them.
        least_age: working age starts here, in years.
        months_abroad: labour attachment abroad that makes a return migrant worker, in months.

    Returns:
        A ``CategorySet`` for :func:`category_answers`; its rules also serve :func:`stock`.

    Raises:
        KitError: if ``migrants`` is none of the three, or a figure is negative.

    >>> labour_migration(migrants="foreign_citizen").rule("for_work_migrant").needs
    ('resident', 'reason', 'citizenship')
    """
    if not isinstance(migrants, str) or migrants not in _MIGRANTS:
        raise KitError(
            _("International migrants are {known}; got {m}.").format(known=", ".join(_MIGRANTS), m=shown(migrants))
        )
    adult = AtLeast("age", number(least_age, "least_age"))
    abroad = AtLeast("worked_abroad_months", number(months_abroad, "months_abroad"))
    here, not_here = Is("resident", YES_ONLY), Is("resident", NO_ONLY)
    columns = {"foreign_born": "country_birth", "foreign_citizen": "citizenship"}
    kinds: list[Condition] = [Foreign(name) for key, name in columns.items() if migrants in ("either", key)]
    working: list[Condition] = [here, adult, Is("activity", ("E", "U"))]
    guest: list[Condition] = [not_here, adult, Foreign("citizenship"), Is("labour_here", YES_ONLY)]
    rules = (
        rule_where(
            "resident_migrant_worker",
            N_("Resident international migrant workers"),
            N_("Usual residents of working age who are international migrants and employed or unemployed."),
            _ICLS,
            *[[*working, kind] for kind in kinds],
        ),
        rule_where(
            "non_resident_foreign_worker",
            N_("Non-resident foreign workers"),
            N_("Foreigners who do not live here but are present and work for, or seek work in, the country."),
            _ICLS,
            guest,
        ),
        rule_where(
            "international_migrant_worker",
            N_("International migrant workers"),
            N_("Resident international migrant workers and non-resident foreign workers together."),
            _ICLS,
            *[[*working, kind] for kind in kinds],
            guest,
        ),
        rule_where(
            "for_work_migrant",
            N_("For-work international migrants"),
            N_("International migrants who came to live here in order to work or to look for work."),
            _ICLS,
            *[[here, Is("reason", ("W",)), kind] for kind in kinds],
        ),
        rule_where(
            "return_migrant_worker",
            N_("Return international migrant workers"),
            N_("Residents who were international migrant workers in another country before."),
            _ICLS,
            [here, adult, abroad],
        ),
    )
    groups = {rule.key: "international labour migration" for rule in rules}
    note = N_(
        "Three concepts, of which the first has two parts; they overlap. Not checked at the source: paragraph "
        "numbers, and the shortest labour attachment abroad that the guidelines suggest."
    )
    return CategorySet(
        "icls20_2018", N_("International labour migration"), _ICLS, 2018, rules, groups, False, note
    )


def _set(key: str, title: str, source: str, year: int, note: str, entries: Any) -> CategorySet:
    rules = tuple(
        rule_where(name, label, sentence, source, *alternatives)
        for _group, name, label, sentence, alternatives in entries
    )
    return CategorySet(key, title, source, year, rules, {entry[1]: entry[0] for entry in entries}, True, note)


_NEED, _BACKGROUND, _RETURNED = "in need of international protection", "with a refugee background", "returned"


def _protection(code: str) -> list[list[Condition]]:
    return [[Is("protection", (code,))]]


_REFUGEES = [
    (
        _NEED,
        "prospective_asylum_seeker",
        N_("Prospective asylum seekers"),
        N_("Means to ask for protection and has not done so yet."),
        _protection("PRO"),
    ),
    (
        _NEED,
        "asylum_seeker",
        N_("Asylum seekers"),
        N_("Asked for protection and waits for the decision."),
        _protection("ASR"),
    ),
    (
        _NEED,
        "refugee",
        N_("Refugees"),
        N_("Is recognised as a refugee, person by person or as one of a group."),
        _protection("REF"),
    ),
    (
        _NEED,
        "complementary_protection",
        N_("Complementary or subsidiary protection"),
        N_("Was given protection of another kind than that of refugees."),
        _protection("SUB"),
    ),
    (
        _NEED,
        "temporary_protection",
        N_("Temporary protection"),
        N_("Was given protection for a limited time, as one of a group."),
        _protection("TMP"),
    ),
    (
        _BACKGROUND,
        "naturalised_former_refugee",
        N_("Naturalised former refugees"),
        N_("Had protection before and is now a citizen of the country."),
        [[Is("former_refugee", YES_ONLY), Foreign("citizenship", foreign=False)]],
    ),
    (
        _BACKGROUND,
        "child_of_refugee",
        N_("Children born here to refugees"),
        N_("Was born in the country to a mother or father who is or was a refugee."),
        [[Is("parent_refugee", YES_ONLY), Foreign("country_birth", foreign=False)]],
    ),
    (
        _BACKGROUND,
        "reunified_family_member",
        N_("Family members who joined a refugee"),
        N_("Came from abroad to live with a family member who is or was a refugee."),
        [[Is("joined_refugee", YES_ONLY)]],
    ),
    (
        _BACKGROUND,
        "other_refugee_background",
        N_("Others with a refugee background"),
        N_("Had protection before, has it no longer, and is no citizen of the country."),
        [[Is("former_refugee", YES_ONLY), Foreign("citizenship")]],
    ),
    (
        _RETURNED,
        "repatriated_refugee",
        N_("Repatriated refugees"),
        N_("Came home after having been a refugee abroad."),
        [[Is("returned_from", ("REF",))]],
    ),
    (
        _RETURNED,
        "repatriated_asylum_seeker",
        N_("Repatriated asylum seekers"),
        N_("Came home after having asked for asylum abroad."),
        [[Is("returned_from", ("ASR", "PRO"))]],
    ),
    (
        _RETURNED,
        "returned_from_other_protection",
        N_("Returned from other protection abroad"),
        N_("Came home after having had protection of another kind abroad."),
        [[Is("returned_from", ("SUB", "TMP"))]],
    ),
]

_IDPS, _IDP_RELATED, _SOLVED = "internally displaced persons", "IDP-related", "no longer displaced"


def _idp(place: str) -> list[list[Condition]]:
    return [[Is("displaced", YES_ONLY), Is("idp_location", (place,)), Is("vulnerable", YES_ONLY)]]


_DISPLACED = [
    (
        _IDPS,
        "idp_displacement",
        N_("In locations of displacement"),
        N_(
            "Was forced to leave home, lives where the flight ended, and still suffers from having been displaced."
        ),
        _idp("D"),
    ),
    (
        _IDPS,
        "idp_returned",
        N_("Returned to the place of habitual residence"),
        N_("Is back where he or she lived before, and still suffers from having been displaced."),
        _idp("R"),
    ),
    (
        _IDPS,
        "idp_elsewhere",
        N_("Settled elsewhere in the country"),
        N_("Has settled in a third place, and still suffers from having been displaced."),
        _idp("E"),
    ),
    (
        _SOLVED,
        "durable_solution",
        N_("Overcame the vulnerabilities of displacement"),
        N_("Was displaced and no longer has needs that come from it; counts no longer as displaced."),
        [[Is("displaced", YES_ONLY), Is("vulnerable", NO_ONLY)]],
    ),
    (
        _IDP_RELATED,
        "child_of_idp",
        N_("Children born to IDPs after displacement"),
        N_("Was not displaced, and was born to a displaced mother or father after they had fled."),
        [[Is("displaced", NO_ONLY), Is("parent_idp", YES_ONLY)]],
    ),
    (
        _IDP_RELATED,
        "family_of_idp",
        N_("Other family members of IDPs"),
        N_("Was not displaced, and lives with a family member who was."),
        [[Is("displaced", NO_ONLY), Is("household_idp", YES_ONLY)]],
    ),
]


def _nationality(code: str) -> list[list[Condition]]:
    return [[Is("nationality_status", (code,))]]


_STATELESS = [
    (
        "stateless",
        "stateless_recognised",
        N_("Stateless, recognised"),
        N_("Has no nationality, and an authority has recognised this."),
        _nationality("REC"),
    ),
    (
        "stateless",
        "stateless_not_recognised",
        N_("Stateless, not recognised"),
        N_("Has no nationality, and no authority has recognised this."),
        _nationality("STL"),
    ),
    (
        "undetermined nationality",
        "undetermined",
        N_("Of undetermined nationality"),
        N_("No proof of any nationality, and it is not settled whether there is one."),
        _nationality("UND"),
    ),
    (
        "stateless-related",
        "formerly_stateless",
        N_("Formerly stateless"),
        N_("Was stateless before and has a nationality now."),
        [[Is("nationality_status", ("NAT",)), Is("former_stateless", YES_ONLY)]],
    ),
]

#: The sets by key.
CATEGORY_SETS: dict[str, CategorySet] = {
    each.key: each
    for each in (
        labour_migration(),
        _set(
            "irrs_2018",
            N_("Refugees and related populations"),
            _IRRS,
            2018,
            N_(
                "Three groups: in need of international protection, with a refugee background, returned after "
                "having sought protection abroad. The groups were checked in descriptions of the "
                "recommendations; the categories in them come from memory of the text and were not checked there."
            ),
            _REFUGEES,
        ),
        _set(
            "iris_2020",
            N_("Internally displaced and related persons"),
            _IRIS,
            2020,
            N_(
                "IDPs by where they live as long as vulnerabilities of displacement last, and related persons who "
                "were not displaced. Come from memory of the text; not checked there."
            ),
            _DISPLACED,
        ),
        _set(
            "iross_2023",
            N_("Stateless persons and persons of undetermined nationality"),
            _IROSS,
            2023,
            N_(
                "Stateless with and without recognition, and of undetermined nationality. Come from memory of the "
                "text; not checked there, nor whether formerly stateless persons belong to the framework."
            ),
            _STATELESS,
        ),
    )
}

__all__ = ["CATEGORY_SETS", "labour_migration"]

"""Tables as SDMX: the structure (SDMX-ML 3.0), and the data as SDMX-ML 3.0 or SDMX-CSV 2.1, through pysdmx.

All tables of a delivery make one data set. Its dimensions are frequency, country, table, period and every
classifier of every table; a classifier that a table does not use holds ``_Z`` (does not apply). Totals are ``_T``,
"Not stated" is ``_U``, bands of ages follow the SDMX code list of ages (``Y15T19``, ``Y_GE80``): codes that the
cross-domain lists of SDMX recommend. A suppressed cell has no value, ``CONF_STATUS`` is ``C`` (confidential) and
``OBS_STATUS`` ``Q`` (missing, suppressed); which of them are small is not told.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import NOT_STATED, TOTAL, engine, shown
from migkit.measures.confidentiality.protect import PUBLISHED, SUPPRESSED
from migkit.measures.exchange.contents import (
    Sender,
    SentTable,
    check_set,
    words_for,
)
from migkit.reference import KitError, _
from migkit.reference import label as code_label
from migkit.reference.language import N_

TOTAL_CODE, UNKNOWN_CODE, NOT_APPLICABLE = "_T", "_U", "_Z"
#: CONF_STATUS and OBS_STATUS of each state of a cell.
_STATES: dict[str, tuple[str, str]] = {
    PUBLISHED: ("F", "A"),
    SUPPRESSED: ("C", "Q"),
}
#: A cell that nobody suppressed and that has no value, such as the mean of nobody.
_MISSING = ("F", "M")
_CODE_WORDS: dict[str, dict[str, str]] = {
    "FREQ": {"A": N_("Annual"), "Q": N_("Quarterly"), "M": N_("Monthly"), "D": N_("Daily")},
    "OBS_STATUS": {
        "A": N_("Normal value"),
        "M": N_("Missing value; data cannot exist"),
        "Q": N_("Missing value; suppressed"),
    },
    "CONF_STATUS": {
        "F": N_("Free (free for publication)"),
        "C": N_("Confidential statistical information"),
    },
}
_CONCEPTS: dict[str, str] = {
    "FREQ": N_("Frequency of observation"),
    "REF_AREA": N_("Reference area"),
    "TABLE": N_("Table"),
    "TIME_PERIOD": N_("Time period"),
    "OBS_VALUE": N_("Observation value"),
    "UNIT_MEASURE": N_("Unit of measure"),
    "OBS_STATUS": N_("Observation status"),
    "CONF_STATUS": N_("Confidentiality status"),
    "COMMENT_OBS": N_("Comment"),
}
#: On every observation that was made for training.
SYNTHETIC_MARK = "SYNTHETIC DATA: not official statistics"
_FIXED = ("FREQ", "REF_AREA", "TABLE")
_SAFE = re.compile(r"[^A-Za-z0-9_@$-]+")


@dataclass(frozen=True)
class Structure:
    """The structure of a delivery: what a receiver needs to read the data.

    Attributes:
        agency, flow, version: the names under which the structure is registered.
        dimensions: component -> code -> words, in order; without TIME_PERIOD.
        classifiers: component -> classifier of the tables.
        synthetic: whether each observation is marked as made for training.
    """

    agency: str
    flow: str
    version: str
    dimensions: dict[str, dict[str, str]]
    classifiers: dict[str, str]
    synthetic: bool = False

    @property
    def attributes(self) -> tuple[str, ...]:
        """What is said of each observation."""
        return ("UNIT_MEASURE", "OBS_STATUS", "CONF_STATUS", *(("COMMENT_OBS",) if self.synthetic else ()))


def sdmx_code(label: str) -> str:
    """The SDMX code of a label of a table.

    >>> [sdmx_code(label) for label in ("Total", "Not stated", "15-19", "80+", "5", "SEN", "Land border")]
    ['_T', '_U', 'Y15T19', 'Y_GE80', '5', 'SEN', 'Land_border']
    """
    if label == TOTAL:
        return TOTAL_CODE
    if label == NOT_STATED:
        return UNKNOWN_CODE
    if band := re.fullmatch(r"(\d+)-(\d+)", label):
        return f"Y{band[1]}T{band[2]}"
    if opened := re.fullmatch(r"(\d+)\+", label):
        return f"Y_GE{opened[1]}"
    return _SAFE.sub("_", label.strip()).strip("_") or "_"


def table_label(code: str) -> str:
    """The label that an SDMX code stands for: the way back of :func:`sdmx_code` where the words are not known.

    >>> [table_label(code) for code in ("_T", "_U", "Y15T19", "Y_GE80", "SEN")]
    ['Total', 'Not stated', '15-19', '80+', 'SEN']
    """
    if code == TOTAL_CODE:
        return TOTAL
    if code == UNKNOWN_CODE:
        return NOT_STATED
    if band := re.fullmatch(r"Y(\d+)T(\d+)", code):
        return f"{band[1]}-{band[2]}"
    if opened := re.fullmatch(r"Y_GE(\d+)", code):
        return f"{opened[1]}+"
    return code


def component(classifier: str) -> str:
    """The SDMX name of a classifier: ``country_birth`` is ``COUNTRY_BIRTH``.

    >>> component("country birth")
    'COUNTRY_BIRTH'
    """
    name = _SAFE.sub("_", str(classifier)).upper().strip("_-")
    return name if re.match("[A-Z]", name) else f"C_{name}"


def structure_of(
    sent: Sequence[SentTable], sender: Sender, agency: str = "KIT", flow: str = "MIGRATION", version: str = "1.0"
) -> Structure:
    """The structure that a delivery needs.

    Args:
        sent: the tables.
        sender: who sends them.
        agency, flow, version: the names under which the structure is registered; capitals, digits and _.

    Raises:
        KitError: if two labels of a classifier give the same code, or two classifiers the same name.

    >>> from migkit.measures.tables import TableSpec
    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example", key="stock_sex")
    >>> cells = pd.DataFrame({"sex": ["F", "M", "Total"], "value": [3, 2, 5]})
    >>> structure_of([SentTable(spec, cells)], Sender("GMB", "2024")).dimensions["SEX"]
    {'F': 'Female', 'M': 'Male', '_T': 'Total'}
    """
    held = check_set(sent)
    for name, value in (("agency", agency), ("flow", flow)):
        if not re.fullmatch("[A-Z][A-Z0-9_]*", value):
            raise KitError(
                _("{name} is a name of capitals, digits and _, such as MIGRATION; got {value}.").format(
                    name=name, value=shown(value)
                )
            )
    classifiers: dict[str, str] = {}
    codes: dict[str, dict[str, str]] = {}
    for table in held:
        for classifier, labels in table.labels.items():
            name = component(classifier)
            if classifiers.setdefault(name, classifier) != classifier or name in _CONCEPTS:
                raise KitError(
                    _("The classifier {one} gives the SDMX name {name}, which is taken; rename it.").format(
                        one=shown(classifier), name=name
                    )
                )
            for text in labels:
                words = words_for(classifier, text)
                if codes.setdefault(name, {}).setdefault(sdmx_code(text), words) != words:
                    raise KitError(
                        _("Two labels of {one} give the SDMX code {code}: {a} and {b}; rename one.").format(
                            one=shown(classifier),
                            code=sdmx_code(text),
                            a=shown(codes[name][sdmx_code(text)]),
                            b=shown(words),
                        )
                    )
    for name, known in codes.items():
        if not all(classifiers[name] in table.spec.classifiers for table in held):
            known[NOT_APPLICABLE] = _("Does not apply")
    dimensions = {
        "FREQ": {_frequency(sender.period): _(_CODE_WORDS["FREQ"][_frequency(sender.period)])},
        "REF_AREA": {sender.country: _country_words(sender.country)},
        "TABLE": {table.spec.key: table.spec.title for table in held},
        **codes,
    }
    return Structure(agency, flow, version, dimensions, classifiers, sender.synthetic)


def _country_words(iso3: str) -> str:
    try:
        return code_label("country", iso3)
    except KitError:
        return iso3


def _frequency(period: str) -> str:
    return {4: "A", 7: "Q" if "Q" in period else "M", 10: "D"}[len(period)]


def observations(sent: Sequence[SentTable], sender: Sender) -> pd.DataFrame:
    """All cells of a delivery under the names of SDMX, as text: one row an observation.

    >>> from migkit.measures.tables import TableSpec
    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example", key="stock_sex")
    >>> cells = pd.DataFrame({"sex": ["F", "Total"], "value": [3, 5]})
    >>> rows = observations([SentTable(spec, cells)], Sender("GMB", "2024"))
    >>> rows[["TABLE", "SEX", "OBS_VALUE"]].values.tolist()
    [['stock_sex', 'F', '3'], ['stock_sex', '_T', '5']]
    """
    held = check_set(sent)
    structure = structure_of(held, sender)
    parts = []
    for table in held:
        cells = table.cells
        part = pd.DataFrame(index=cells.index)
        part["FREQ"], part["REF_AREA"] = _frequency(sender.period), sender.country
        part["TABLE"] = table.spec.key
        for name, classifier in structure.classifiers.items():
            part[name] = cells[classifier].map(sdmx_code) if classifier in cells else NOT_APPLICABLE
        part["TIME_PERIOD"] = sender.period
        part["OBS_VALUE"] = cells["value"].map(_number_text)
        part["UNIT_MEASURE"] = table.spec.unit
        states = [
            _MISSING if state == PUBLISHED and np.isnan(value) else _STATES[state]
            for state, value in zip(cells["status"], cells["value"], strict=True)
        ]
        part["OBS_STATUS"] = [obs for _conf, obs in states]
        part["CONF_STATUS"] = [conf for conf, _obs in states]
        if structure.synthetic:
            part["COMMENT_OBS"] = SYNTHETIC_MARK
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _number_text(value: float) -> str | None:
    if np.isnan(value):
        return None
    return f"{value:.0f}" if value == int(value) else repr(float(value))


# ------------------------------------------------------------------------------------------- with pysdmx


def sdmx_structure(
    sent: Sequence[SentTable], sender: Sender, agency: str = "KIT", flow: str = "MIGRATION", version: str = "1.0"
) -> str:
    """The structure message of a delivery (SDMX-ML 3.0): concepts, code lists, data structure and data flow.

    Source: SDMX Technical Specifications, version 3.0 (2021).

    Args:
        sent, sender: the delivery.
        agency, flow, version: see :func:`structure_of`.

    Returns:
        The XML text.

    >>> from migkit.measures.tables import TableSpec
    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example", key="stock_sex")
    >>> cells = pd.DataFrame({"sex": ["F", "Total"], "value": [3, 5]})
    >>> "MIGRATION" in sdmx_structure([SentTable(spec, cells)], Sender("GMB", "2024"))
    True
    """
    io, formats = engine("pysdmx.io"), engine("pysdmx.io.format")
    structure = structure_of(sent, sender, agency, flow, version)
    made = _artefacts(structure)
    text: str = io.write_sdmx(made, formats.Format.STRUCTURE_SDMX_ML_3_0, header=_header(sender, structure))
    return text


def to_sdmx_ml(
    sent: Sequence[SentTable], sender: Sender, agency: str = "KIT", flow: str = "MIGRATION", version: str = "1.0"
) -> str:
    """The data of a delivery as SDMX-ML 3.0, structure-specific.

    Source: SDMX Technical Specifications, version 3.0 (2021).

    >>> from migkit.measures.tables import TableSpec
    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example", key="stock_sex")
    >>> cells = pd.DataFrame({"sex": ["F", "Total"], "value": [3, 5]})
    >>> 'OBS_VALUE="5"' in to_sdmx_ml([SentTable(spec, cells)], Sender("GMB", "2024"))
    True
    """
    formats = engine("pysdmx.io.format")
    return _written(sent, sender, (agency, flow, version), formats.Format.DATA_SDMX_ML_3_0)


def to_sdmx_csv(
    sent: Sequence[SentTable], sender: Sender, agency: str = "KIT", flow: str = "MIGRATION", version: str = "1.0"
) -> str:
    """The data of a delivery as SDMX-CSV 2.1: one row an observation, which a spreadsheet opens.

    Source: SDMX-CSV field guide, version 2.1 (2023).

    >>> from migkit.measures.tables import TableSpec
    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example", key="stock_sex")
    >>> cells = pd.DataFrame({"sex": ["F", "Total"], "value": [3, 5]})
    >>> to_sdmx_csv([SentTable(spec, cells)], Sender("GMB", "2024")).splitlines()[1].split(",")[1]
    'KIT:MIGRATION(1.0)'
    """
    formats = engine("pysdmx.io.format")
    return _written(sent, sender, (agency, flow, version), formats.Format.DATA_SDMX_CSV_2_1_0)


def _written(sent: Sequence[SentTable], sender: Sender, names: tuple[str, str, str], form: Any) -> str:
    io, model, frames = engine("pysdmx.io"), engine("pysdmx.model"), engine("pysdmx.io.pd")
    structure = structure_of(sent, sender, *names)
    definition = next(each for each in _artefacts(structure) if isinstance(each, model.DataStructureDefinition))
    data = frames.PandasDataset(structure=_flow_schema(definition, structure), data=observations(sent, sender))
    options = {} if "csv" in form.value else {"header": _header(sender, structure)}
    text: str = io.write_sdmx(data, form, **options)
    return text


def _flow_schema(definition: Any, structure: Structure) -> Any:
    """The schema of the data flow: pysdmx makes that of the data structure."""
    model = engine("pysdmx.model")
    made = definition.to_schema()
    return model.Schema(
        context="dataflow",
        agency=structure.agency,
        id=structure.flow,
        components=made.components,
        version=structure.version,
        artefacts=made.artefacts,
        name=structure.flow,
    )


def _header(sender: Sender, structure: Structure) -> Any:
    """The head of a message. Its time follows from the period, so that the same delivery gives the same bytes."""
    message, base = engine("pysdmx.model.message"), engine("pysdmx.model")
    return message.Header(
        id=f"{structure.flow}_{sender.country}_{sender.period}".replace("-", "_"),
        test=sender.synthetic,
        prepared=datetime(int(sender.period[:4]), 12, 31),
        sender=base.Organisation(id=component(sender.agency or structure.agency)[:40], name=sender.agency or None),
    )


def _artefacts(structure: Structure) -> list[Any]:
    """Code lists, concepts, data structure and data flow as pysdmx has them."""
    model, flow = engine("pysdmx.model"), engine("pysdmx.model.dataflow")
    agency, version = structure.agency, structure.version

    def urn(package: str, kind: str, name: str, item: str = "") -> str:
        return f"urn:sdmx:org.sdmx.infomodel.{package}.{kind}={agency}:{name}({version}){item}"

    lists = {
        name: model.Codelist(
            id=f"CL_{name}",
            name=name,
            agency=agency,
            version=version,
            urn=urn("codelist", "Codelist", f"CL_{name}"),
            items=[model.Code(id=code, name=words) for code, words in known.items()],
        )
        for name, known in {
            **structure.dimensions,
            **{
                key: {code: _(text) for code, text in _CODE_WORDS[key].items()}
                for key in ("OBS_STATUS", "CONF_STATUS")
            },
        }.items()
    }
    words = {**{key: _(text) for key, text in _CONCEPTS.items()}, **structure.classifiers}
    concepts = {
        name: model.Concept(id=name, name=text, urn=urn("conceptscheme", "Concept", "CS_MIGRATION", f".{name}"))
        for name, text in words.items()
    }
    scheme = model.ConceptScheme(
        id="CS_MIGRATION",
        name=_("Concepts of migration tables"),
        agency=agency,
        version=version,
        urn=urn("conceptscheme", "ConceptScheme", "CS_MIGRATION"),
        items=list(concepts.values()),
    )

    def part(name: str, role: Any, required: bool = True, **more: Any) -> Any:
        held = lists.get(name)
        return model.Component(
            id=name,
            required=required,
            role=role,
            concept=concepts[name],
            local_codes=held,
            local_enum_ref=held.urn if held else None,
            **more,
        )

    text = {"local_dtype": model.DataType.STRING}
    parts = [part(name, flow.Role.DIMENSION) for name in structure.dimensions]
    parts.append(part("TIME_PERIOD", flow.Role.DIMENSION, local_dtype=model.DataType.PERIOD))
    parts.append(part("OBS_VALUE", flow.Role.MEASURE, required=False, local_dtype=model.DataType.STRING))
    parts += [
        part(name, flow.Role.ATTRIBUTE, attachment_level="O", **({} if name in lists else text))
        for name in structure.attributes
    ]
    definition = model.DataStructureDefinition(
        id=f"DSD_{structure.flow}",
        name=structure.flow,
        agency=agency,
        version=version,
        urn=urn("datastructure", "DataStructure", f"DSD_{structure.flow}"),
        components=flow.Components(parts),
    )
    dataflow = model.Dataflow(
        id=structure.flow,
        name=_("Migration tables"),
        agency=agency,
        version=version,
        urn=urn("datastructure", "Dataflow", structure.flow),
        structure=definition,
    )
    return [*lists.values(), scheme, definition, dataflow]


def received_observations(document: str | bytes) -> pd.DataFrame:
    """The observations of an SDMX message of another country, whatever its version: CSV or XML.

    Args:
        document: the text of the message, or its bytes.

    Returns:
        One row an observation, columns named as in the message, all text.

    Raises:
        KitError: if it is no SDMX message, or holds no data.

    >>> from migkit.measures.tables import TableSpec
    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example", key="stock_sex")
    >>> cells = pd.DataFrame({"sex": ["F", "Total"], "value": [3, 5]})
    >>> text = to_sdmx_csv([SentTable(spec, cells)], Sender("GMB", "2024"))
    >>> received_observations(text)[["SEX", "OBS_VALUE"]].values.tolist()
    [['F', '3'], ['_T', '5']]
    """
    io, errors = engine("pysdmx.io"), engine("pysdmx.errors")
    text = document.decode("utf-8-sig", errors="replace") if isinstance(document, bytes) else document
    try:
        message = io.read_sdmx(text, validate=False)
        frames: Iterable[Any] = [each.data for each in message.get_datasets()]
    except (errors.PysdmxError, ValueError, KeyError, TypeError, AttributeError, SyntaxError) as error:
        raise KitError(
            _("This is not an SDMX data message that can be read: {why}").format(
                why=" ".join(str(error).split())[:200] or type(error).__name__
            )
        ) from error
    held = [frame.astype(object).where(frame.notna(), None) for frame in frames if len(frame)]
    if not held:
        raise KitError(_("The SDMX message holds no observations."))
    together = pd.concat(held, ignore_index=True)
    as_text: pd.DataFrame = together.map(lambda value: None if value is None or pd.isna(value) else str(value))
    return as_text


__all__ = ["SYNTHETIC_MARK", "Structure", "component", "observations", "received_observations", "sdmx_code",
           "sdmx_structure", "structure_of", "table_label", "to_sdmx_csv", "to_sdmx_ml"]  # fmt: skip

"""The modules of the kit, read from curriculum.yml."""

from dataclasses import dataclass, field
from functools import cache

from migkit.reference.errors import KitError
from migkit.reference.files import read_yaml
from migkit.reference.language import _
from migkit.reference.paths import ROOT


@dataclass(frozen=True)
class Module:
    """One module: the slug names it in every room of the kit."""

    slug: str
    title: str
    status: str
    question: str = ""
    country: str = ""
    rooms: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()
    prerequisites: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    minutes: dict[str, int] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The two digits in front of the slug."""
        return self.slug[:2]

    @property
    def ready(self) -> bool:
        """Whether every room of the module is filled."""
        return self.status == "ready"


def _module(entry: dict[str, object]) -> Module:
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return Module(**values)  # type: ignore[arg-type]


@cache
def _all() -> tuple[Module, ...]:
    return tuple(_module(entry) for entry in read_yaml(ROOT / "curriculum.yml")["modules"])


def curriculum_title() -> str:
    """What the whole is called: the title in curriculum.yml."""
    return str(read_yaml(ROOT / "curriculum.yml")["title"])


def curriculum(ready_only: bool = False) -> tuple[Module, ...]:
    """The modules in teaching order; with ``ready_only`` those whose rooms are filled."""
    return tuple(module for module in _all() if module.ready or not ready_only)


def module(slug: str) -> Module:
    """The module called ``slug``, for example ``"04_census"``.

    Raises:
        KitError: if no module has that slug.
    """
    for candidate in _all():
        if candidate.slug == slug:
            return candidate
    known = ", ".join(candidate.slug for candidate in _all())
    raise KitError(
        _("There is no module called {slug!r} in curriculum.yml; use one of {known}.").format(
            slug=slug, known=known
        )
    )

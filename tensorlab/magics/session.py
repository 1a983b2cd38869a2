"""What the magics of one shell share: settings, the function compiled last, and what stood in the shell before us."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from IPython.core import magic as ipython_magic
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics
from IPython.display import display
from traitlets import Enum, Float, TraitError
from traitlets.config import Config, Configurable

if TYPE_CHECKING:
    from tensorlab.jit.text import Style
    from tensorlab.view.mime import View

# IPython >= 9.17 keeps magics that nobody has used yet as placeholders. They are saved as they are: any look inside
# would import what they stand for.
_PLACEHOLDER: type | None = getattr(ipython_magic, "LazyMagic", None)
_MISSING = object()
Kind = Literal["line", "cell"]


class Tensorlab(Configurable):
    """Settings of the tensorlab magics."""

    style = Enum(["2", "1.0"], "2", help="How graphs are printed: as PyTorch 2 does, or as PyTorch 1.0 did.").tag(
        config=True
    )

    batching_seconds = Float(0.2, min=0.0, help="How long %batching measures each batch size, in seconds.").tag(
        config=True
    )

    def __init__(self, shell: InteractiveShell, **settings: Any) -> None:
        super().__init__(parent=shell if isinstance(shell, Configurable) else None, **settings)
        self.shell = shell
        self.magics: list[Magics] = []
        self.latest: Any = None
        self.walk: Any = None  # that `%step` goes on with
        self._replaced: list[tuple[str, str, Any, Any]] = []  # kind, name, ours, what was there
        self._registered: dict[str, Any] = {}
        self._undo: list[Callable[[], None]] = []

    @property
    def graph_style(self) -> Style:
        """The setting, in the printer's words."""
        return "1.0" if self.style == "1.0" else "2"

    def install(self, magics: list[Magics]) -> None:
        """Put magics into the shell's tables, and keep what they replace."""
        manager = self.shell.magics_manager
        self.add(self.shell.configurables, self)
        self.magics = magics
        for ours in magics:
            class_name = type(ours).__name__
            self._registered[class_name] = dict.get(manager.registry, class_name, _MISSING)
            for kind, table in ours.magics.items():
                for name, function in table.items():
                    self._replaced.append((kind, name, function, manager.magics[kind].get(name, _MISSING)))
        manager.register(*magics)

    def add(self, hooks: list[Any], hook: Any) -> None:
        """Append to one of the shell's lists; taken out again by `uninstall`."""
        hooks.append(hook)
        self._undo.append(lambda: hooks.remove(hook))

    def show(self, view: View) -> None:
        """Show a view before the cell's own value."""
        display(view)

    def draw(self, type_name: str, view: Callable[[Any], View]) -> None:
        """Show records of a type, named with its module, as the view of them; until `uninstall`."""
        formatter = getattr(self.shell.display_formatter, "mimebundle_formatter", None)
        if formatter is not None:
            formatter.for_type(type_name, lambda record: view(record)._repr_mimebundle_())
            self._undo.append(lambda: formatter.pop(type_name, None))

    def uninstall(self) -> None:
        """Leave the shell as it was. A magic that somebody else has registered over ours since stays theirs."""
        manager = self.shell.magics_manager
        for kind, name, ours, before in self._replaced:
            if manager.magics[kind].get(name) != ours:
                continue
            if before is _MISSING:
                del manager.magics[kind][name]
            else:
                manager.magics[kind][name] = self._revived(before, kind, name)
        for class_name, before in self._registered.items():
            del manager.registry[class_name]
            if before is not _MISSING:
                manager.registry[class_name] = before
        for undo in self._undo:
            undo()
        ours = set(map(id, self.magics))  # the base class of magics has put them there
        self.shell.configurables[:] = [c for c in self.shell.configurables if id(c) not in ours]

    def replaced(self, kind: Kind, name: str) -> Callable[..., Any] | None:
        """The magic that ours stands in front of, ready to be called."""
        place = next(i for i, entry in enumerate(self._replaced) if entry[:2] == (kind, name))
        _, _, ours, before = self._replaced[place]
        if before is _MISSING:
            return None
        if _PLACEHOLDER is None or not isinstance(before, _PLACEHOLDER):
            return before
        # A placeholder finds its magic by its name in the table, where ours stands: it gets its place back for that.
        table = self.shell.magics_manager.magics[kind]
        table[name] = self._revived(before, kind, name)
        try:
            found = self.shell.magics_manager.find(kind, name)
        finally:
            table[name] = ours
        self._replaced[place] = (kind, name, ours, found)
        return found

    def _revived(self, before: Any, kind: str, name: str) -> Any:
        """What a placeholder stands for, if it has been loaded for another magic's sake meanwhile, else itself."""
        if _PLACEHOLDER is None or not isinstance(before, _PLACEHOLDER):
            return before
        provider = dict.get(self.shell.magics_manager.registry, before.spec.rpartition(":")[2])
        return before if provider is None else provider.magics[kind].get(name, before)


def settled(shell: InteractiveShell) -> Tensorlab:
    """A session with the shell's settings; with our own, and a warning, where those cannot be."""
    try:
        return Tensorlab(shell)
    except TraitError as error:
        warnings.warn(f"tensorlab takes its own settings: {error}", stacklevel=2)
        return Tensorlab(shell, config=Config())


class NotebookMagics(Magics):
    """A magic of ours: it knows its session and the notebook's names.

    ``alone``: options that go with a line, and not above a cell. ``python``: whether its cell is a program.
    """

    alone: ClassVar[tuple[str, ...]] = ()
    python: ClassVar[bool] = True

    def __init__(self, session: Tensorlab) -> None:
        super().__init__(session.shell)
        self.session = session

    @property
    def names(self) -> dict[str, Any]:
        """What the notebook has bound."""
        return self.session.shell.user_ns

    def show(self, view: View) -> None:
        """Show a view that is not the value of the cell."""
        self.session.show(view)

    def bind(self, name: str | None, value: object) -> None:
        """Bind a value to a name that an option gave, if it gave one."""
        if name is not None:
            self.names[name] = value


def session_of(shell: InteractiveShell) -> Tensorlab | None:
    """The session of a shell into which the extension is loaded."""
    return next((c for c in shell.configurables if isinstance(c, Tensorlab)), None)

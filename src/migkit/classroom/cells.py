"""Inside the sandbox: run a hand-in's cells as Jupyter would, tell what each puts out, hand the answers over.

Nothing here is trusted: it shares a process with the participant's code, which can change all of it. It holds no
test, no key and no score, so there is nothing to gain; what it sends is read with suspicion by
:mod:`migkit.classroom.workers`.
"""

import builtins
import os
import sys
from collections.abc import Callable
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from migkit.classroom.plain import to_plain

#: Takes one message: ``{"begin": 3}``, ``{"output": {}}``, ``{"answer": "q3", "plain": {}}``, ``{"end": 3}``.
Send = Callable[[dict[str, Any]], None]


class _Stream:
    """Standard output or error of the participant's code."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, send: Send) -> None:
        self.name = f"<{name}>"
        self._name = name
        self._send = send

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._send({"output": {"output_type": "stream", "name": self._name, "text": text}})
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False


class _Publisher(DisplayPublisher):
    """What ``display`` shows."""

    send: Send = staticmethod(lambda message: None)

    def publish(self, data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
        if not kwargs.get("update"):
            self.send({"output": {"output_type": "display_data", "data": data, "metadata": metadata or {}}})

    def clear_output(self, wait: bool = False) -> None:
        self.send({"clear": True})


class _Hook(DisplayHook):
    """The value of a cell's last line."""

    send: Send = staticmethod(lambda message: None)

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        self.send({"output": {"output_type": "execute_result", "data": format_dict, "metadata": md_dict or {}}})

    def finish_displayhook(self) -> None:
        pass


class Shell(InteractiveShell):
    """IPython without a terminal or a kernel: outputs become messages."""

    send: Send = staticmethod(lambda message: None)

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window to open."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        self.send({"output": _error(etype.__name__, evalue, stb)})

    def tell(self, send: Send) -> None:
        """Send everything that is put out from now on to ``send``."""
        teller: Any
        for teller in (self, self.display_pub, self.displayhook):
            teller.send = send
        sys.stdout, sys.stderr = _Stream("stdout", send), _Stream("stderr", send)


def _error(name: str, value: Any, lines: Any = ()) -> dict[str, Any]:
    try:
        text = str(value)
    except Exception:
        text = ""
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [str(line) for line in lines]}


def make_shell() -> Shell:
    """The shell, made before the fork: it costs time, and nobody's code has run in it."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell: Shell = Shell.instance(
        config=config, display_pub_class=_Publisher, displayhook_class=_Hook, user_module=_main_module()
    )
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    return shell


def _main_module() -> Any:
    import types

    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    return module


def _no_input(prompt: object = "") -> str:
    raise StdinNotImplementedError("input() cannot be used here: nobody is there to answer")


def run(shell: Shell, cells: list[dict[str, Any]], send: Send) -> None:
    """Run ``cells`` one after the other; ``send`` is told all that happens.

    Args:
        shell: from :func:`make_shell`.
        cells: each with ``source`` (None: leave it out) and ``answers``, expressions by name, to hand over then.
        send: takes the messages.
    """
    builtins.input = _no_input
    shell.tell(send)
    for index, cell in enumerate(cells):
        if cell["source"] is None and not cell["answers"]:
            continue
        send({"begin": index})
        if cell["source"] is not None:
            _run_cell(shell, cell["source"], send)
        for name, expression in cell["answers"].items():
            send({"answer": name, "plain": _hand_over(shell, expression)})
        send({"end": index})


def _run_cell(shell: Shell, source: str, send: Send) -> None:
    """One cell; a failure that was shown by a message of the kit's own still counts as one."""
    failed: list[bool] = []

    def watch(message: dict[str, Any]) -> None:
        failed.append(message.get("output", {}).get("output_type") == "error")
        send(message)

    shell.tell(watch)
    try:
        result = shell.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
        error = result.error_before_exec or result.error_in_exec
    except KeyboardInterrupt as interrupt:
        error = interrupt
    if error is not None and not any(failed):
        send({"output": _error(type(error).__name__, error)})
    shell.tell(send)


def _hand_over(shell: Shell, expression: str) -> dict[str, Any]:
    """The value of ``expression`` as plain data; nothing if there is no such name."""
    try:
        return to_plain(eval(expression, shell.user_ns))  # noqa: S307  (the authors' expression, in the sandbox)
    except Exception:
        return {"kind": "nothing"}

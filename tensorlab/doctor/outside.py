"""Checks of what tensorlab stands on and beside: kernels, pages, packages, CUDA's driver, memory."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from tensorlab.doctor.records import Finding, failure, ok, spelled, warning

_SMALL = 1 << 30  # bytes of free memory below which work is likely to fail
_LOSES = ("style", "script", "svg", "iframe", "object", "embed", "input", "form", "math")  # tags with what is in them
_DROPS = ("id", "role", "onclick", "onload", "onerror")  # attributes


def kernel(*, paths: bool = False) -> Finding:
    """Jupyter knows a kernel called tensorlab, and its program is there."""
    advice = "pip install tensorlab puts it beside Jupyter; %load_ext tensorlab works in any Python kernel"
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError as error:
        return warning(f"jupyter_client cannot be imported: {error}", "pip install 'tensorlab[lab]'")
    try:
        spec = KernelSpecManager().get_kernel_spec("tensorlab")
    except NoSuchKernel:
        return warning("Jupyter finds no kernel called tensorlab", advice)
    if "--ext=tensorlab" not in spec.argv:
        return failure("the kernel called tensorlab does not load the extension", advice)
    if shutil.which(spec.argv[0]) is None:
        text = f"the kernel called tensorlab starts {spec.argv[0]!r}, which is not on the path"
        return warning(text, "start Jupyter from the environment that tensorlab is installed in")
    return ok(f"the kernel tensorlab is installed{f' in {spec.resource_dir}' if paths else ''}")


class _Page(HTMLParser):
    """What of a page an untrusted notebook would drop."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: list[str] = []
        self.pictures = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _LOSES:
            self.lost.append(f"<{tag}>")
        self.lost += [name for name in given if name in _DROPS or name.startswith(("aria-", "data-"))]
        for part in (given.get("style") or "").split(";"):
            name, _, value = part.partition(":")
            if "var(" in value and not _has_literal(given.get("style") or "", name):
                self.lost.append(f"{name} without a literal")
        if tag == "img":
            self.pictures += 1
            if not given.get("alt"):
                self.lost.append("words of a picture")
            if not (given.get("src") or "").startswith("data:image/"):
                self.lost.append("a picture of another place")


def _has_literal(style: str, name: str) -> bool:
    values = [part.partition(":")[2] for part in style.split(";") if part.partition(":")[0] == name]
    return any("var(" not in value for value in values)


def page(draw: Callable[[], str] | None) -> Finding:
    """What a magic shows keeps its words and pictures in a notebook that is not trusted."""
    if draw is None:
        return warning("no page was given to look at", "run tensorlab doctor, or %tensorlab doctor")
    found = _Page()
    found.feed(draw())
    if found.lost:
        return failure(f"an untrusted notebook would drop {spelled(sorted(set(found.lost)))}", _REPORT)
    return ok("what magics show keeps its words, colours and pictures in a notebook that is not trusted")


def packages(what: str, extra: str, *modules: tuple[str, str]) -> Finding:
    """Whether modules can be imported, each with the distribution that it comes from."""
    there: list[str] = []
    for module, distribution in modules:
        try:
            import_module(module)
            there.append(f"{distribution} {version(distribution)}")
        except (ImportError, PackageNotFoundError):
            return warning(f"{distribution} is not there: no {what}", f"pip install '{extra}'")
        except Exception as error:  # noqa: BLE001 - a broken package may raise anything while it is imported
            text = f"{distribution} cannot be imported: {type(error).__name__}: {error}"
            return failure(text, f"pip install --force-reinstall {distribution}")
    return ok(f"{spelled(there)}: {what}")


def serving() -> Finding:
    """The packages that the server is made with."""
    return packages("serving", "tensorlab[serve]", ("google.protobuf", "protobuf"), ("grpc", "grpcio"))


def charts() -> Finding:
    """The package that charts are drawn with."""
    return packages("charts", "tensorlab", ("matplotlib.figure", "matplotlib"))


def cuda() -> Finding:
    """Whether a driver of CUDA is there, and how many devices it has."""
    only = "tensorlab computes on the CPU in this version"
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return ok(f"no CUDA: its driver, libcuda.so.1, is not installed here; {only}")
    status = driver.cuInit(0)
    count = ctypes.c_int()
    if status == 0:
        status = driver.cuDeviceGetCount(ctypes.byref(count))
    if status:
        return ok(f"no CUDA: its driver is installed and answers with error {status}; {only}")
    devices = f"{count.value} {'device' if count.value == 1 else 'devices'}"
    return ok(f"CUDA's driver is there with {devices}, which nothing uses: {only}")


def memory() -> Finding:
    """What the machine and the container leave free."""
    from tensorlab.doctor.room import room

    found = room()
    text = f"{_gib(found.free)} of {_gib(found.limit)} free"
    text += f", the limit of the container; the machine has {_gib(found.machine)}" if found.is_container else ""
    if found.free < _SMALL:
        return warning(text, "close other kernels, or give the container more memory")
    return ok(text)


def _gib(nbytes: int) -> str:
    return f"{nbytes / (1 << 30):.3g} GiB"


_REPORT = "this is a bug: please report it with the output of tensorlab doctor --json"

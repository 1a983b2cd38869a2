"""Pages that a view may land on: what an untrusted JupyterLab strips, and what inks and grounds themes give it.

The tables are JupyterLab 4.6's own (its sanitiser's allowed tags, attributes and styles; its three themes' variables).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "img", "hr", "wbr"}
TAGS = {
    "a",
    "b",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "meter",
    "ol",
    "p",
    "pre",
    "progress",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "u",
    "ul",
    "var",
    "wbr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
}
GONE_WITH_TEXT = {"script", "style", "textarea", "option"}
ATTRIBUTES = {"class", "title", "style", "lang", "dir", "hidden", "translate", "draggable"}
OF_TAG = {
    "img": {"alt", "src", "width", "height", "align", "border"},
    "td": {"colspan", "rowspan", "scope", "headers", "align", "width"},
    "th": {"colspan", "rowspan", "scope", "headers", "align", "width"},
    "details": {"open"},
    "table": {"width", "border", "summary"},
}
STYLES = {
    "background",
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-style",
    "border-top",
    "border-width",
    "box-sizing",
    "caption-side",
    "color",
    "cursor",
    "display",
    "flex",
    "flex-direction",
    "flex-grow",
    "flex-wrap",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "gap",
    "grid-template-columns",
    "height",
    "letter-spacing",
    "line-height",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-height",
    "max-width",
    "min-height",
    "min-width",
    "opacity",
    "overflow",
    "overflow-x",
    "overflow-y",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "table-layout",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-overflow",
    "text-transform",
    "vertical-align",
    "visibility",
    "white-space",
    "width",
    "word-break",
    "word-spacing",
    "word-wrap",
}
COLOUR = re.compile(r"(#[0-9a-f]{3,8}|rgba?\([\d.,\s%]+\)|[a-z]+)$", re.IGNORECASE)


def declarations(style: str) -> list[tuple[str, str]]:
    return [(k.strip(), v.strip()) for k, _, v in (d.partition(":") for d in style.split(";")) if v]


def survives(prop: str, value: str) -> bool:
    """Whether the sanitiser keeps a declaration: variables and ``inherit`` go, whatever the property."""
    if prop not in STYLES or "var(" in value or value == "inherit":
        return False
    return bool(COLOUR.match(value)) if prop == "color" else True


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def walk(self) -> list[Element]:
        return [self, *(e for c in self.children if isinstance(c, Element) for e in c.walk())]

    @property
    def words(self) -> str:
        return "".join(c if isinstance(c, str) else c.words for c in self.children)

    def find(self, tag: str) -> list[Element]:
        return [e for e in self.walk() if e.tag == tag]


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {k: v or "" for k, v in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(html: str) -> Element:
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert parser.open == [parser.root], "an element was left open"
    return parser.root


def sanitised(element: Element) -> Element:
    """What an untrusted notebook shows of it."""
    kept: list[Element | str] = []
    for child in element.children:
        if isinstance(child, str):
            kept.append(child)
        elif child.tag in GONE_WITH_TEXT:
            continue
        elif child.tag not in TAGS:
            kept += sanitised(child).children  # the tag goes, its text leaks out
        else:
            kept.append(sanitised(child))
    attributes = {
        name: value
        for name, value in element.attributes.items()
        if name in ATTRIBUTES or name in OF_TAG.get(element.tag, ())
    }
    if "style" in attributes:
        left = [f"{k}:{v}" for k, v in declarations(attributes["style"]) if survives(k, v)]
        attributes["style"] = ";".join(left)
    return Element(element.tag, attributes, kept)


Theme = dict[str, str]
BARE: Theme = {}
THEMES: dict[str, Theme] = {
    "no theme": BARE,
    "JupyterLab Light": {
        "--jp-content-font-color1": "rgba(0,0,0,.87)",
        "--jp-content-font-color2": "rgba(0,0,0,.54)",
        "--jp-layout-color1": "#ffffff",
        "--jp-border-color2": "#e0e0e0",
    },
    "JupyterLab Dark": {
        "--jp-content-font-color1": "#ffffff",
        "--jp-content-font-color2": "rgba(255,255,255,.7)",
        "--jp-layout-color1": "#212121",
        "--jp-border-color2": "#424242",
    },
    "JupyterLab Dark High Contrast": {
        "--jp-content-font-color1": "#ffffff",
        "--jp-content-font-color2": "rgba(255,255,255,.7)",
        "--jp-layout-color1": "#111111",
        "--jp-border-color2": "#e0e0e0",
    },
    "VS Code Dark": {
        "--vscode-editor-foreground": "#d4d4d4",
        "--vscode-descriptionForeground": "rgba(204,204,204,.7)",
        "--vscode-editor-background": "#1e1e1e",
        "--vscode-panel-border": "#80808059",
    },
    "VS Code Light": {
        "--vscode-editor-foreground": "#000000",
        "--vscode-descriptionForeground": "#717171",
        "--vscode-editor-background": "#ffffff",
        "--vscode-panel-border": "#80808059",
    },
}

Rgb = tuple[float, float, float]
_VAR = re.compile(r"var\((--[\w-]+)(?:,(.*))?\)$")


def resolved(value: str, theme: Theme) -> str:
    match = _VAR.match(value)
    if match is None:
        return value
    name, fallback = match.groups()
    return theme[name] if name in theme else resolved(fallback or "", theme)


def over(colour: str, ground: Rgb) -> Rgb:
    """A colour laid over an opaque one."""
    colour = colour.strip()
    if colour.startswith("#"):
        digits = colour[1:]
        parts = [int(digits[i : i + 2], 16) for i in range(0, len(digits), 2)]
        alpha = parts[3] / 255 if len(parts) == 4 else 1.0
    else:
        numbers = [float(x) for x in re.findall(r"[\d.]+", colour)]
        parts, alpha = numbers[:3], numbers[3] if len(numbers) > 3 else 1.0
    r, g, b = (p * alpha + q * (1 - alpha) for p, q in zip(parts[:3], ground, strict=True))
    return r, g, b


def luminance(rgb: Rgb) -> float:
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: Rgb, b: Rgb) -> float:
    """WCAG 2's ratio, 1 to 21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def words_with_contrast(root: Element, theme: Theme, page: Rgb = (128, 128, 128)) -> list[tuple[str, float]]:
    """Every piece of text with the contrast that it has on its ground; the page itself is mid-grey and unreadable."""
    found: list[tuple[str, float]] = []

    def visit(element: Element, ink: str, ground: Rgb) -> None:
        for prop, value in declarations(element.attributes.get("style", "")):
            if prop == "color":
                ink = resolved(value, theme)
        backgrounds = [v for k, v in declarations(element.attributes.get("style", "")) if k == "background"]
        if backgrounds and backgrounds[-1] != "none":
            ground = over(resolved(backgrounds[-1], theme), ground)
        for child in element.children:
            if isinstance(child, Element):
                visit(child, ink, ground)
            elif child.strip():
                found.append((child.strip(), contrast(over(ink, ground), ground)))

    visit(root, "#808080", page)
    return found

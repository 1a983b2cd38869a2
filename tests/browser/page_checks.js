// What a page shows of outputs, measured where it is laid out. Defines `tensorlabChecks(groups)`.
//
// `groups` is a list of {name, areas}: the name of an output as a person knows it, and the elements that hold it. The
// answer is a list of {name, words, styles, findings}; a finding is {kind, element, value} and is a fault.
(() => {
  const MARKS = new Set("+-=>~x!■●○–◆↕");
  const LEAKS = ["var(--", "<svg", "</svg", "<div", "</div", "<span", "undefined", "[object ", "data:image", "&lt;"];

  // [r, g, b, alpha] of a computed colour: rgb(1, 2, 3), rgba(1, 2, 3, 0.5) or color(srgb 0.1 0.2 0.3 / 0.5).
  function colour(text) {
    const parts = (text.match(/[\d.]+(?:e-?\d+)?/g) || []).map(Number);
    const scale = text.startsWith("color(srgb") ? 255 : text.startsWith("rgb") ? 1 : NaN;
    const [r, g, b, alpha = 1] = parts;
    if (Number.isNaN(scale) || b === undefined) throw new Error(`a colour that is not known here: ${text}`);
    return [r * scale, g * scale, b * scale, alpha];
  }

  function over([r, g, b, alpha], ground) {
    return [r, g, b].map((c, i) => c * alpha + ground[i] * (1 - alpha));
  }

  function luminance(rgb) {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function contrast(a, b) {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  }

  // Of each element: what lies behind its text (the grounds of its ancestors over one another), and the opacity of the
  // groups that it stands in, which is taken to fade the ink alone: exact where no such group has a ground of its own.
  let known = new Map();

  function setting(element) {
    if (element === null) return { ground: [255, 255, 255], opacity: 1 };
    if (!known.has(element)) {
      const above = setting(element.parentElement);
      const style = getComputedStyle(element);
      const ground = over(colour(style.backgroundColor), above.ground);
      known.set(element, { ground, opacity: above.opacity * Number(style.opacity), ink: colour(style.color) });
    }
    return known.get(element);
  }

  function place(element) {
    const text = element.textContent.trim().replace(/\s+/g, " ").slice(0, 50);
    return `<${element.tagName.toLowerCase()}> ${JSON.stringify(text || element.getAttribute("alt") || "")}`;
  }

  function texts(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) if (walker.currentNode.data.trim()) found.push(walker.currentNode);
    return found;
  }

  function isShown(node) {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getClientRects().length > 0;
  }

  // Marks that stand beside a word for the same thing are shapes: 3:1. Everything else is text: 4.5:1.
  const least = (words) => ([...words].every((c) => MARKS.has(c)) ? 3 : 4.5);

  function faint(words, ratio) {
    return ratio + 0.005 < least(words);
  }

  function* inks(area) {
    for (const node of texts(area)) {
      const words = node.data.trim();
      if (!isShown(node)) continue;
      const { ground, opacity, ink } = setting(node.parentElement);
      const ratio = contrast(over([...ink.slice(0, 3), ink[3] * opacity], ground), ground);
      if (faint(words, ratio)) yield { kind: "contrast", element: place(node.parentElement), value: ratio.toFixed(2) };
    }
  }

  const svgOf = (image) => {
    const [head, data] = image.src.split(";base64,");
    if (!head.endsWith("svg+xml") || !data) return null;
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    return new DOMParser().parseFromString(new TextDecoder().decode(bytes), "image/svg+xml").documentElement;
  };

  function covers({ shape, box, way }, x, y) {
    if (x < box.left || x > box.right || y < box.top || y > box.bottom) return false;
    return shape.isPointInFill(new DOMPoint(x, y).matrixTransform(way));
  }

  // The words inside a picture, over what the picture has painted there, and that over the page. The picture is laid
  // out in a frame of its own, so that the page around it stays as it is.
  function* inksOfPicture(image, frame) {
    const svg = svgOf(image);
    if (svg === null || !svg.querySelector("text")) return;
    const page = setting(image).ground;
    const stage = frame.contentDocument.body;
    stage.replaceChildren(frame.contentDocument.importNode(svg, true));
    const painted = [];
    for (const shape of stage.querySelectorAll("rect,circle,ellipse,path,polygon,text")) {
      const { fill } = getComputedStyle(shape);
      if (fill === "none" || fill.startsWith("url(")) continue; // a pattern's lines are beside words, not a ground
      if (shape.closest("defs,clipPath,marker,pattern")) continue;
      const box = shape.getBoundingClientRect();
      if (shape.tagName !== "text") {
        painted.push({ shape, box, way: shape.getScreenCTM().inverse(), fill: filled(shape) });
        continue;
      }
      const words = shape.textContent.trim();
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const below = painted.filter((other) => covers(other, x, y));
      const behind = below.reduce((under, { fill }) => over(fill, under), page);
      const ratio = contrast(over(filled(shape), behind), behind);
      if (words && faint(words, ratio)) {
        yield { kind: "contrast in a picture", element: place(shape), value: ratio.toFixed(2) };
      }
    }
  }

  function filled(shape) {
    const style = getComputedStyle(shape);
    const own = colour(style.fill);
    own[3] *= Number(style.fillOpacity);
    for (let e = shape; e; e = e.parentElement) own[3] *= Number(getComputedStyle(e).opacity);
    return own;
  }

  // Elements that stick out of the output area, unless something on the way scrolls.
  function* wide(area) {
    const edge = area.getBoundingClientRect().right + 1;
    const scrolls = (e) => getComputedStyle(e).overflowX !== "visible";
    const visit = function* (element) {
      for (const child of element.children) {
        const right = child.getBoundingClientRect().right;
        if (right > edge) {
          yield { kind: "overflow", element: place(child), value: `${Math.round(right - edge + 1)} px too wide` };
        } else if (!scrolls(child)) {
          yield* visit(child);
        }
      }
    };
    yield* visit(area);
  }

  function* findings(area, frame) {
    const shown = texts(area).map((node) => node.data).join("");
    for (const leak of LEAKS) {
      const at = shown.indexOf(leak);
      if (at >= 0) yield { kind: "leaked text", element: leak, value: shown.slice(Math.max(at - 30, 0), at + 50) };
    }
    for (const svg of area.querySelectorAll("svg")) yield { kind: "inline picture", element: place(svg), value: "" };
    for (const image of area.querySelectorAll("img")) {
      const alt = image.getAttribute("alt") || "";
      if (alt.trim().length < 6) yield { kind: "alt text", element: place(image), value: "is missing or too short" };
      if (!image.complete || image.naturalWidth === 0) yield { kind: "no picture", element: place(image), value: "" };
      yield* inksOfPicture(image, frame);
    }
    yield* inks(area);
    yield* wide(area);
  }

  window.tensorlabChecks = (groups) => {
    known = new Map();
    for (const { areas } of groups) {
      for (const area of areas) for (const fold of area.querySelectorAll("details")) fold.open = true;
    }
    const frame = document.createElement("iframe");
    frame.style.cssText = "position:fixed;left:0;top:0;width:2000px;height:2000px;visibility:hidden";
    document.body.append(frame);
    const seen = groups.map(({ name, areas }) => {
      return {
        name,
        words: areas.map((area) => area.textContent),
        styles: areas.map((area) => [...area.querySelectorAll("[style]")].map((e) => e.getAttribute("style")).join(";")),
        findings: areas.flatMap((area) => [...findings(area, frame)]),
      };
    });
    frame.remove();
    return seen;
  };

  // Cells of a notebook page, in JupyterLab and in nbconvert's HTML: the classes are the same.
  window.tensorlabCells = (root, names) =>
    window.tensorlabChecks(
      [...root.querySelectorAll(".jp-CodeCell")].map((cell, i) => ({
        name: names[i],
        areas: [...cell.querySelectorAll(".jp-OutputArea-output.jp-RenderedHTMLCommon")],
      })),
    );
})();

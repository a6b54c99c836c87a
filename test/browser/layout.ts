/**
 * An expression for the browser: the faults of the page's layout, as sentences. A text leaves the page, another one covers it, or
 * the page scrolls sideways. Texts are measured line by line, as far as their scrolling and clipping ancestors show them.
 */
export const layoutFaults = `(() => {
  const root = document.documentElement;
  const faults = [];
  if (root.scrollWidth > root.clientWidth) faults.push("the page scrolls sideways by " + (root.scrollWidth - root.clientWidth) + " px");

  const areas = new Map(); // of each element, what its ancestors show of its content; undefined: nothing
  function areaOf(element) {
    if (!element) return { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };
    if (!areas.has(element)) areas.set(element, measure(element));
    return areas.get(element);
  }
  function measure(element) {
    const style = getComputedStyle(element);
    if (style.clipPath.startsWith("inset(50%") || style.opacity === "0" || style.visibility === "hidden") return;
    const outer = areaOf(element.parentElement);
    if (!outer || (style.overflowX === "visible" && style.overflowY === "visible") || element === document.body) return outer;
    return intersection(outer, element.getBoundingClientRect());
  }
  const intersection = (a, b) => {
    const both = {
      left: Math.max(a.left, b.left), right: Math.min(a.right, b.right),
      top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom),
    };
    return both.right - both.left > 1 && both.bottom - both.top > 1 ? both : undefined;
  };

  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim() || !node.parentElement.checkVisibility() || node.parentElement.closest(".skip")) continue;
    const area = areaOf(node.parentElement);
    if (!area) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      // the space for accents and descenders may overlap with that of the next line
      const inset = rect.height * 0.2;
      const shown = intersection(area, { left: rect.left, right: rect.right, top: rect.top + inset, bottom: rect.bottom - inset });
      if (shown) texts.push({ ...shown, node });
    }
  }
  const words = ({ node }) => JSON.stringify(node.data.trim().slice(0, 40)) + " (" + node.parentElement.closest("[class]")?.getAttribute("class") + ")";
  for (const text of texts)
    if (text.left < -1 || text.right > root.clientWidth + 1) faults.push(words(text) + " leaves the page: " + Math.round(text.left) + " to " + Math.round(text.right));

  texts.sort((a, b) => a.top - b.top);
  for (const [i, text] of texts.entries())
    for (let j = i + 1; j < texts.length && texts[j].top < text.bottom; j++) {
      const other = texts[j];
      const both = other.node !== text.node && intersection(text, other);
      if (both) faults.push(words(text) + " and " + words(other) + " overlap by " + Math.round(both.right - both.left) + " px");
    }
  return [...new Set(faults)].slice(0, 20);
})()`;

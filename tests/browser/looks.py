"""What a machine can check of a page: accessibility faults, clipped text, small targets, stray English."""

import os
import re
from pathlib import Path
from typing import Any

from playwright.async_api import Page

ROOT = Path(__file__).resolve().parents[2]
AXE = (ROOT / "static" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
ALLOWED = re.compile(
    r"\b(G60|English|EN|CapsLock|Ctrl|Enter|Esc|Shift|vwindow|SIMULATED|https?|www|[a-z.]+\.gov\.cn)\b"
)

SMALL = """
least => [...document.querySelectorAll('button, a[href], input, [role="button"], [role="radio"], summary')]
  .filter(e => e.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}))
  .map(e => [e, e.getBoundingClientRect()])
  .filter(([e, b]) => b.width > 1 && b.height > 1 && (b.width < least - 0.5 || b.height < least - 0.5))
  .map(([e, b]) => `${e.outerHTML.slice(0, 90)} ${Math.round(b.width)}x${Math.round(b.height)}`)
"""

CLIPPED = """
() => [...document.querySelectorAll('body *')]
  .filter(e => e.checkVisibility() && e.children.length === 0 && e.textContent.trim())
  .filter(e => { const s = getComputedStyle(e);
                 return s.overflowX !== 'visible' && s.textOverflow !== 'ellipsis' && s.position !== 'absolute'
                   && e.scrollWidth > e.clientWidth + 1; })
  .map(e => e.outerHTML.slice(0, 120))
"""

# Without what is English on purpose, and without the names that the machine gives its devices.
WORDS = """
() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const lines = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (element.checkVisibility() && !element.closest('[lang="en"], .el-select')) lines.push(walker.currentNode.data);
  }
  return lines.join('\\n');
}
"""

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def faults(page: Page, *, touch: bool, chinese: bool = True) -> list[str]:
    """Return what is wrong with the page as it stands, in words."""
    found: list[str] = []
    await page.evaluate(AXE)
    result: Any = await page.evaluate(
        "() => axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})"
    )
    for violation in result["violations"]:
        if violation["impact"] in ("serious", "critical"):
            places = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
            found.append(f"axe {violation['id']}: {places}")
    if touch:
        found += [f"small target: {place}" for place in await page.evaluate(SMALL, 56)]
    found += [f"clipped: {place}" for place in await page.evaluate(CLIPPED)]
    if await page.evaluate(OVERFLOW) > 0:
        found.append("wider than the screen")
    if chinese:
        text = ALLOWED.sub("", await page.evaluate(WORDS))
        found += [f"English left over: {word}" for word in re.findall(r"[A-Za-z]{4,}(?: [A-Za-z]{2,})+", text)]
    return found


async def shot(page: Page, folder: Path, name: str) -> None:
    """Keep a picture of the page; `VWINDOW_TEST_SHOTS` names a folder to keep them in."""
    target = Path(os.environ.get("VWINDOW_TEST_SHOTS", str(folder))) / f"{name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=target)

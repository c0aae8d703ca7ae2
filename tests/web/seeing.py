"""A page as a test sees it: pixels as arrays, boxes of text, colours as numbers."""

import base64
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Browser, Page

Pixels = npt.NDArray[np.int16]

# Screens decode pictures themselves, so no image library is needed.
DECODE = """async (png) => {
  const image = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const bytes = pen.getImageData(0, 0, image.width, image.height).data;
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return [image.width, image.height, btoa(text)];
}"""

BOXES = """() => [...document.querySelectorAll("h1, p, button, li, .edge, a")]
  .filter((e) => !e.closest(".spoken") && e.checkVisibility() && e.innerText.trim() !== "")
  .map((e) => {
    const range = document.createRange();
    range.selectNodeContents(e);
    const box = range.getBoundingClientRect();
    return { text: e.innerText, x: box.x, y: box.y, width: box.width, height: box.height };
  })
  .filter((box) => box.width > 0)"""

CONTRASTS = """() => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const parts = [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map((x) => x / 255).map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const ground = light(getComputedStyle(document.querySelector(".stage")).backgroundColor);
  return [...document.querySelectorAll("h1, p, span, b, button, a, li")]
    .filter((e) => e.checkVisibility() && e.innerText?.trim())
    .map((e) => {
      const ink = light(getComputedStyle(e).color);
      return [e.innerText, (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05)];
    });
}"""


class Box(NamedTuple):
    """A box of text in CSS pixels."""

    text: str
    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: "Box") -> bool:
        """Whether two boxes share more than a hair."""
        wide = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        tall = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return wide > 1 and tall > 1

    def holds(self, other: "Box") -> bool:
        """Whether the other box lies inside this one: a part of the same text."""
        inside = self.x - 1 <= other.x and other.x + other.width <= self.x + self.width + 1
        return inside and self.y - 1 <= other.y and other.y + other.height <= self.y + self.height + 1


def pixels(browser: Browser, png: bytes) -> Pixels:
    """A screenshot as (height, width, 3) values from 0 to 255."""
    page = browser.new_page()
    try:
        width, height, data = page.evaluate(DECODE, base64.b64encode(png).decode())
    finally:
        page.close()
    flat = np.frombuffer(base64.b64decode(data), dtype=np.uint8)
    return flat.reshape(height, width, 4)[:, :, :3].astype(np.int16)


def chroma(picture: Pixels) -> npt.NDArray[np.int16]:
    """How far each pixel is from grey: 0 to 255. The ground itself has 5."""
    spread: npt.NDArray[np.int16] = picture.max(axis=2) - picture.min(axis=2)
    return spread


def texts(page: Page) -> list[Box]:
    """The boxes of all text that is to be seen; a link inside a sentence is a part of the sentence."""
    boxes = [Box(**box) for box in page.evaluate(BOXES)]
    return [box for i, box in enumerate(boxes) if not any(other.holds(box) for other in boxes[:i])]


def contrasts(page: Page) -> list[tuple[str, float]]:
    """Every visible text with the contrast of its ink to the ground (WCAG 2.2)."""
    return [(str(text), float(ratio)) for text, ratio in page.evaluate(CONTRASTS)]


def runs(mask: npt.NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """Stretches of true values (start, end); breaks shorter than `gap` do not count."""
    where = np.flatnonzero(mask)
    if where.size == 0:
        return []
    cuts = np.flatnonzero(np.diff(where) > gap)
    starts = [where[0], *where[cuts + 1]]
    ends = [*where[cuts], where[-1]]
    return [(int(start), int(end) + 1) for start, end in zip(starts, ends, strict=True)]


def keep(folder: str | None, name: str, png: bytes) -> None:
    """Writes a screenshot where somebody wants to look at it."""
    if folder is not None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.png").write_bytes(png)


def evaluate(page: Page, script: str) -> Any:
    """The value of a script in the page."""
    return page.evaluate(script)

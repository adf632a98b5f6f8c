"""The page of stage=compose in a browser that tests drive, and what the browser reports."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from email_assistant.compose.page_texts import Texts

# Milliseconds that a step may take on a busy machine.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)
REQUEST = "piers: need the ladder back before sunday"
# All text that a person sees or hears, without what they or the model wrote.
SHOWN = """() => {
    const found = [document.title];
    const typed = "script, style, code, #history ol, #marks b, #marks button, #behind";
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const parent = walker.currentNode.parentElement;
        if (!parent.closest(typed) && parent.checkVisibility()) found.push(walker.currentNode.data);
    }
    for (const element of document.querySelectorAll("body *")) {
        if (element.closest(typed) || !element.checkVisibility()) continue;
        for (const name of ["aria-label", "title", "placeholder", "alt"]) found.push(element.getAttribute(name) || "");
    }
    return found.map((text) => text.trim()).filter(Boolean);
}"""


@dataclass
class Watch:
    """What a browser reports while a test runs: messages of its console, errors of scripts, and requests."""

    problems: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> None:
        context.on("console", lambda message: self._note(message.type, message.text))
        context.on("weberror", lambda error: self.problems.append(str(error.error)))
        context.on("request", lambda request: self.addresses.append(request.url))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning", "assert"):
            self.problems.append(f"{kind}: {text}")


class Opened:
    """The page, signed in, with the model ready."""

    def __init__(self, page: Page, texts: Texts) -> None:
        self.page, self.texts = page, texts
        expect(page.locator("#write")).to_be_enabled()

    def __getitem__(self, name: str) -> Locator:
        return self.page.locator(f"#{name}")

    @property
    def draft(self) -> str:
        return self["draft"].input_value()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, name: str) -> None:
        """Go on with the Tab key until a control has the focus."""
        for _ in range(40):
            if self[name].evaluate("(element) => element === document.activeElement"):
                return
            self.press("Tab")
        pytest.fail(f"the Tab key does not reach #{name}")

    def wait_until_written(self) -> None:
        ends = "|".join(re.escape(self.texts[name]) for name in ("done", "too_long"))
        expect(self["status"]).to_have_text(re.compile(ends))

    def write(self, request: str = REQUEST) -> None:
        self["request"].fill(request)
        self["write"].click()
        self.wait_until_written()

    def save(self) -> Path:
        """Save the draft, by its button; returns the file."""
        with self.page.expect_download() as download:
            self["save"].click()
        return download.value.path()

"""The page of stage=compose in Chromium, as people use it: by keyboard, in both languages, on a phone.

The model is random: what it writes is nonsense, so these tests look at everything but its words.
"""

import email
import email.policy
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from browsing import PATIENCE, REQUEST, SHOWN, Opened, Watch
from conftest import RunPy
from playwright.sync_api import Browser, Dialog, Page, Route, expect, sync_playwright
from served import Served, save_adapter, serving

from email_assistant.compose.page_texts import ENGLISH, LANGUAGES, RUSSIAN
from email_assistant.compose.writing import DRAFTS

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH (Debian: apt-get install chromium)"),
]
MARKUP = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\"><b>Piers</b>"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# Wider than a phone, and without a place to break.
LONG_WORD = "https://goods.example/" + "Rindfleisch" * 12
COLOURS = "(element) => [getComputedStyle(element).backgroundColor, getComputedStyle(element).color]"
# (name, color, what is behind it) of each element with text of its own, or of each field's edge.
COLOUR_PAIRS = """(property) => {
    const background = (element) => {
        const own = getComputedStyle(element).backgroundColor;
        return own.endsWith(", 0)") && element.parentElement ? background(element.parentElement) : own;
    };
    const isField = (element) => element.matches("textarea, input:not([type=file])");
    const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    return [...document.body.querySelectorAll("*")].filter((element) =>
        element.checkVisibility() && !element.disabled && !element.closest("#behind, script")
        && (isField(element) || (property === "color" && hasText(element)))
    ).map((element) => [
        element.outerHTML.slice(0, 60), getComputedStyle(element)[property],
        background(property === "color" ? element : element.parentElement),
    ]);
}"""
CONTROLS = {"button", "link", "radio", "radiogroup", "textbox", "DisclosureTriangle", "checkbox", "combobox"}


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, archive: Path, empty_store: Path
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("browser")
    adapter = save_adapter(tiny_model, folder / "my-style")
    with serving(RunPy(folder, tiny_model, archive, empty_store), f"infer.adapter={adapter}") as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Without Chromium's own sandbox, which root cannot use: it opens only pages of this test.
        started = playwright.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=False)
        yield started
        started.close()


@pytest.fixture
def watch(server: Served) -> Iterator[Watch]:
    """Every test fails if the browser reports a problem, or asks another host for anything."""
    watched = Watch()
    yield watched
    assert watched.problems == []
    asked = [urlsplit(address) for address in watched.addresses]
    assert asked and {address.netloc for address in asked if address.scheme != "blob"} == {urlsplit(server.own).netloc}


@pytest.fixture
def tab(browser: Browser, watch: Watch) -> Iterator[Callable[..., Page]]:
    """An empty tab of a browser that has never been here; the options are those of its context."""
    contexts = []

    def open_tab(language: str = "en", **options: Any) -> Page:
        context = browser.new_context(locale={"en": "en-GB", "ru": "ru-RU"}[language], **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        watch.follow(context)
        return context.new_page()

    yield open_tab
    for context in contexts:
        context.close()


@pytest.fixture
def open_page(server: Served, tab: Callable[..., Page]) -> Callable[..., Opened]:
    """The page in a new browser, signed in by the token; nobody has said yet whether edits may be kept."""
    for name in ("learn", "edits.jsonl"):
        (server.outputs / "compose" / name).unlink(missing_ok=True)

    def sign_in(language: str = "en", **options: Any) -> Opened:
        page = tab(language, **options)
        page.goto(server.own)
        # A browser focuses the field after it has loaded the page.
        expect(page.locator("#token")).to_be_focused()
        page.keyboard.type(server.token)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{server.own}/")
        return Opened(page, LANGUAGES[language])

    return sign_in


def kept_edits(server: Served) -> list[Any]:
    path = server.outputs / "compose" / "edits.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def hold(route: Route) -> None:
    """Never answer a request."""


def contrast(*colours: str) -> float:
    """Of two colours, as WCAG defines it, from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lower, higher = sorted(map(luminance, colours))
    return (higher + 0.05) / (lower + 0.05)


def brightness(colour: str) -> float:
    """Of a colour as browsers compute it, from 0 (black) to 1."""
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


# -- by keyboard


def test_a_mail_is_written_edited_and_saved_by_keyboard(server: Served, tab: Callable[..., Page]) -> None:
    page = tab()
    page.goto(server.link)
    page.wait_for_url(f"{server.own}/")
    opened = Opened(page, ENGLISH)
    expect(opened["request"]).to_be_focused()
    page.keyboard.type(REQUEST)
    opened.tab_to("recipient")
    page.keyboard.type("Piers <piers@goods.example>")
    opened.press("Control+Enter")
    opened.wait_until_written()
    opened.tab_to("subject")
    page.keyboard.type("Ladder")
    opened.tab_to("draft")
    assert opened.draft.strip()
    opened.press("Control+End")
    page.keyboard.type("\n\nBring it tomorrow, please.")
    with page.expect_download() as download:
        opened.press("Control+s")
    assert download.value.suggested_filename == "Ladder.eml"
    expect(opened["status"]).to_have_text(ENGLISH["saved"])
    mail = email.message_from_bytes(download.value.path().read_bytes(), policy=email.policy.default)
    assert (mail["X-Unsent"], mail["To"], mail["Subject"]) == ("1", "Piers <piers@goods.example>", "Ladder")
    assert mail.get_content().endswith("\r\n\r\nBring it tomorrow, please.\r\n")


def test_the_page_shows_how_a_note_without_subjects_is_read(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    opened["request"].fill("piers: need the ladder")
    opened.press("Control+Enter")
    opened.wait_until_written()
    expect(opened["hint"]).to_have_text("Read as: piers: i need the ladder")
    opened["take"].click()
    expect(opened["request"]).to_have_value("piers: i need the ladder")
    expect(opened["request"]).to_be_focused()
    expect(opened["hint"]).to_be_hidden()
    expect(opened["take"]).to_be_hidden()
    opened.press("Control+z")
    expect(opened["request"]).to_have_value("piers: need the ladder")
    opened.press("Control+Enter")
    opened.wait_until_written()
    expect(opened["take"]).to_be_visible()
    opened["request"].fill("piers: bring the ladder")
    expect(opened["take"]).to_be_hidden()
    opened.press("Control+Enter")
    opened.wait_until_written()
    expect(opened["hint"]).to_be_hidden()
    expect(opened["take"]).to_be_hidden()


def test_subjects_that_the_note_leaves_out_are_marked(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    opened.write("dee: went to terry")
    opened["draft"].fill("Dee,\n\nIt was sent. It went to Terry.")
    line = opened["marks"].locator("p.guessed")
    expect(line).to_have_text(f"{ENGLISH['guessed']}It went to")
    expect(opened["behind"].locator("mark.guessed")).to_have_text("It")
    expect(opened["marks"]).to_contain_text(ENGLISH["checked"])
    line.get_by_role("button").click()
    opened.page.keyboard.type("Bo")
    expect(opened["draft"]).to_have_value("Dee,\n\nIt was sent. Bo went to Terry.")
    expect(opened["marks"].locator("p.guessed")).to_have_count(0)


def test_the_arrows_choose_among_the_drafts(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    replies = []

    def read_and_pass_on(route: Route) -> None:
        # A browser may drop the body of a streamed response before a test asks for it.
        response = route.fetch()
        replies.append(response.text())
        route.fulfill(response=response)

    opened.page.route("**/page/drafts", read_and_pass_on)
    opened.write()
    (reply,) = replies
    best, drafts = json.loads(reply.splitlines()[-1])["best"], reply.count('"end"')
    assert 2 <= drafts <= DRAFTS
    buttons = opened["drafts"].get_by_role("radio")
    expect(buttons).to_have_count(drafts)
    for number in range(drafts):
        suggested = f", {ENGLISH['suggested']}" if number == best else ""
        expect(buttons.nth(number)).to_have_accessible_name(f"{ENGLISH['draft']} {number + 1}{suggested}")
    expect(opened.page.locator("#drafts .best")).to_have_count(1)
    texts = [opened.draft]
    buttons.first.focus()
    for number in range(1, drafts):
        opened.press("ArrowRight")
        expect(buttons.nth(number)).to_be_focused()
        expect(buttons.nth(number)).to_be_checked()
        texts.append(opened.draft)
    assert len(set(texts)) == drafts
    opened.press("ArrowRight")
    assert opened.draft == texts[0]


def test_the_focus_stays_where_the_work_is(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    opened["request"].fill(REQUEST)
    opened.tab_to("write")
    opened.press("Enter")
    opened.wait_until_written()
    expect(opened["write"]).to_be_focused()
    another, drafts = opened.page.get_by_role("button", name=ENGLISH["another"]), opened["drafts"].get_by_role("radio")
    before = drafts.count()
    another.focus()
    opened.press("Enter")
    expect(drafts).to_have_count(before + 1)
    opened.wait_until_written()
    expect(another).to_be_focused()


def test_escape_stops_the_writing(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    opened.page.route("**/page/drafts", hold)
    opened["request"].fill(REQUEST)
    opened.press("Control+Enter")
    expect(opened["stop"]).to_be_visible()
    opened.press("Escape")
    expect(opened["status"]).to_have_text(ENGLISH["stopped"])
    expect(opened["write"]).to_be_enabled()


def test_the_keys_work_on_a_cyrillic_keyboard(open_page: Callable[..., Opened]) -> None:
    opened = open_page("ru")
    opened.write()
    keyboard = opened.page.context.new_cdp_session(opened.page)
    with opened.page.expect_download():
        # Ctrl and the key that is S on an English keyboard.
        pressed = {"modifiers": 2, "key": "ы", "code": "KeyS", "windowsVirtualKeyCode": 83}
        keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **pressed})
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **pressed})
    expect(opened["status"]).to_have_text(RUSSIAN["saved"])


def test_what_was_just_typed_is_not_lost_to_a_new_draft(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    opened["request"].fill(REQUEST)
    opened["draft"].fill("Typed by hand.")
    opened.press("Control+Enter")
    opened.wait_until_written()
    assert "Typed by hand." not in opened.draft
    opened.page.locator("summary").last.click()
    typed = opened["history"].get_by_role("button").filter(has_text="Typed by hand.")
    opened["draft"].fill("Typed after it.")
    typed.click()
    assert opened.draft == "Typed by hand."
    expect(opened["history"].get_by_role("button").filter(has_text="Typed after it.")).to_have_count(1)


def test_a_recipient_without_an_address_is_named(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    opened.write()
    opened["recipient"].fill("Piers, Rowena <rowena@goods.example>, $&")
    opened.save()
    expect(opened["status"]).to_have_text(ENGLISH["saved_left_out"].replace("{names}", "Piers, $&"))
    opened["recipient"].fill("Piers")
    opened.save()
    expect(opened["status"]).to_have_text(ENGLISH["saved_without_to"])


def drop_mail(opened: Opened, folder: Path) -> None:
    file = folder / "mail.eml"
    file.write_text("From: Piers <piers@x.example>\nSubject: Ladder\nMessage-ID: <l@x.example>\n\nWhich one?\n")
    opened["file"].set_input_files(file)
    expect(opened["context"]).to_have_value("Which one?")


def test_the_focus_is_not_lost_with_the_button_that_had_it(open_page: Callable[..., Opened], tmp_path: Path) -> None:
    opened = open_page()
    drop_mail(opened, tmp_path)
    opened["remove"].focus()
    opened.press("Enter")
    expect(opened["context"]).to_be_focused()
    opened.write()
    opened.save()
    opened["learn-no"].focus()
    opened.press("Enter")
    expect(opened["learn"]).to_be_hidden()
    expect(opened["learning-change"]).to_be_focused()
    opened.page.locator("summary").last.click()
    earlier = opened["history"].get_by_role("button").first
    earlier.focus()
    with opened.page.expect_response("**/page/history"):
        opened.press("Enter")
    expect(opened["draft"]).to_be_focused()


def test_a_draft_is_in_the_thread_of_the_mail_that_is_there(open_page: Callable[..., Opened], tmp_path: Path) -> None:
    opened = open_page()

    def answered() -> str | None:
        saved = email.message_from_bytes(opened.save().read_bytes(), policy=email.policy.default)
        return saved["In-Reply-To"]

    drop_mail(opened, tmp_path)
    opened.write()
    assert answered() == "<l@x.example>"
    opened["context"].fill("Which one of them?")
    assert answered() == "<l@x.example>"
    # Emptied by hand, as with the button.
    opened["context"].fill("")
    expect(opened["remove"]).to_be_hidden()
    assert answered() is None
    opened.page.locator("summary").last.click()
    drop_mail(opened, tmp_path)
    opened.write("piers: the short one")
    opened["remove"].click()
    opened["history"].get_by_role("button").filter(has_text="the short one").click()
    expect(opened["remove"]).to_be_visible()
    assert answered() == "<l@x.example>"


def test_leaving_the_page_loses_no_note_unasked(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    opened.page.on("dialog", stay)
    opened["request"].click()
    opened.page.keyboard.type("piers: I need the ladder")
    opened.page.get_by_role("link", name=ENGLISH["other_language"]).click()
    opened.page.wait_for_timeout(200)
    assert asked == ["beforeunload"]
    expect(opened["request"]).to_have_value("piers: I need the ladder")
    opened.press("Control+Enter")
    opened.wait_until_written()
    # What is in the history can be left.
    opened.page.get_by_role("link", name=ENGLISH["other_language"]).click()
    expect(opened.page).to_have_title(RUSSIAN["title"])
    assert asked == ["beforeunload"]


def test_what_cannot_be_written_or_saved_is_said(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    for blank in ("", " \n "):
        opened["request"].fill(blank)
        opened["write"].click()
        expect(opened["status"]).to_have_text(ENGLISH["error_empty"])
        expect(opened["request"]).to_be_focused()
        opened.press("Control+s")
        expect(opened["status"]).to_have_text(ENGLISH["nothing_to_save"])
        opened.press("Control+Enter")
        expect(opened["status"]).to_have_text(ENGLISH["error_empty"])
    opened["request"].fill("ladder " * 2000)
    expect(opened["request"]).to_have_value(("ladder " * 2000)[:8000])
    expect(opened["status"]).to_have_text(ENGLISH["request_cut"])
    opened["request"].fill("")


def test_a_draft_that_is_complete_is_saved_while_others_are_written(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    first = [
        {"draft": 0, "text": "Piers, bring it."},
        {"draft": 0, "end": "stop", "lost": [], "added": [], "guessed": []},
    ]
    opened.page.evaluate(
        """(text) => {
            const fetched = window.fetch;
            const unfinished = () => new Response(
                new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode(text)) }));
            window.fetch = (path, ...rest) => path === "/page/drafts" ? unfinished() : fetched(path, ...rest);
        }""",
        "".join(json.dumps(event) + "\n" for event in first),
    )
    opened["request"].fill(REQUEST)
    opened.press("Control+Enter")
    expect(opened["draft"]).to_have_value("Piers, bring it.")
    with opened.page.expect_download():
        opened.press("Control+s")
    expect(opened["stop"]).to_be_visible()


def test_of_several_mails_the_first_is_answered_and_the_page_says_so(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    opened.page.evaluate(
        """(mails) => {
            const dataTransfer = new DataTransfer();
            for (const [name, text] of mails) dataTransfer.items.add(new File([text], name));
            document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
        }""",
        [[f"{name}.eml", f"From: {name}@x.example\n\nFrom {name}.\n"] for name in ("piers", "bo")],
    )
    expect(opened["status"]).to_have_text(ENGLISH["one_mail"].replace("{name}", "piers.eml"))
    expect(opened["context"]).to_have_value("From piers.")


def test_a_draft_that_the_program_does_not_have_is_not_left_unasked(
    watch: Watch, open_page: Callable[..., Opened]
) -> None:
    opened = open_page()
    opened.write()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    opened.page.on("dialog", stay)
    for path in ("**/page/state", "**/page/marks"):
        opened.page.route(path, lambda route: route.abort())
    # The tests of this file share one history.
    opened["draft"].press_sequentially("Typed without a program. ")
    expect(opened["notice"]).to_have_text(ENGLISH["error_network"])
    # Nobody has compared it with the request.
    expect(opened["marks"]).not_to_contain_text(ENGLISH["checked"])
    opened.page.get_by_role("link", name=ENGLISH["other_language"]).click()
    opened.page.wait_for_timeout(200)
    assert asked == ["beforeunload"]
    with opened.page.expect_response("**/page/history"):
        opened.page.unroute_all()
    expect(opened["status"]).to_have_text(ENGLISH["reached"])
    expect(opened["notice"]).to_be_hidden()
    opened.page.locator("summary").last.click()
    expect(opened["history"].get_by_role("button").filter(has_text="Typed without a program.")).to_have_count(1)
    assert {"ERR_FAILED" in problem for problem in watch.problems} == {True}
    watch.problems.clear()


# -- in both languages


def english_in(page: Page) -> list[str]:
    """What a Russian page shows in Latin letters, but for names of keys, files and languages."""
    names = r"Ctrl\+\w+|Esc|\.eml|outputs/compose/(edits\.jsonl|token)|my-style|^English$"
    return [text for text in page.evaluate(SHOWN) if re.search("[A-Za-z]", re.sub(names, "", text))]


def test_the_russian_page_is_russian_throughout(
    server: Served, watch: Watch, tab: Callable[..., Page], open_page: Callable[..., Opened], tmp_path: Path
) -> None:
    login = tab("ru")
    login.goto(server.own)
    login.locator("#token").fill("wrong")
    login.keyboard.press("Enter")
    expect(login.get_by_role("alert")).to_have_text(RUSSIAN["login_wrong"])
    assert english_in(login) == []
    opened = open_page("ru")
    page = opened.page
    assert page.locator("html").get_attribute("lang") == "ru"
    page.locator("summary").first.click()
    assert RUSSIAN["draft_empty"] in page.evaluate(SHOWN)
    assert english_in(page) == []
    opened.write("савва: верни лестницу до воскресенья")
    opened["draft"].fill("Савва, верни лестницу до 12 мая.")
    expect(opened["marks"]).to_contain_text(RUSSIAN["added"])
    opened.save()
    expect(opened["learn"]).to_be_visible()
    page.locator("summary").last.click()
    assert english_in(page) == []
    opened["learn-yes"].click()
    expect(opened["learning"]).to_contain_text(RUSSIAN["learning_yes"])
    (tmp_path / "mail.eml").write_bytes(bytes(range(256)))
    opened["file"].set_input_files(tmp_path / "mail.eml")
    expect(opened["status"]).to_have_text(RUSSIAN["error_not_a_mail"])
    assert english_in(page) == []
    # What was refused, as the browser says by itself.
    assert [re.findall(r"status of (\d+)", problem) for problem in watch.problems] == [["401"], ["422"]]
    watch.problems.clear()


def test_the_other_language_is_one_click_away(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    opened.page.get_by_role("link", name=ENGLISH["other_language"]).click()
    expect(opened.page).to_have_title(RUSSIAN["title"])
    opened.page.reload()
    expect(opened.page).to_have_title(RUSSIAN["title"])
    opened.page.get_by_role("link", name=RUSSIAN["other_language"]).click()
    expect(opened.page).to_have_title(ENGLISH["title"])


# -- learning from edits


def test_an_edit_is_kept_after_yes(server: Served, open_page: Callable[..., Opened]) -> None:
    opened = open_page(permissions=["clipboard-read", "clipboard-write"])
    opened.write()
    written = opened.draft
    opened["draft"].fill("Piers,\n\nbring the ladder back.")
    expect(opened["learn"]).to_be_hidden()
    opened["copy"].click()
    expect(opened["status"]).to_have_text(ENGLISH["copied"])
    assert opened.page.evaluate("navigator.clipboard.readText()") == "Piers,\n\nbring the ladder back."
    expect(opened["learn"]).to_contain_text(ENGLISH["learn_ask"])
    assert kept_edits(server) == []
    with opened.page.expect_response("**/page/copied"):
        opened["learn-yes"].click()
    expect(opened["learn"]).to_be_hidden()
    (edit,) = kept_edits(server)
    assert (edit["request"], edit["draft"], edit["text"]) == (REQUEST, written, "Piers,\n\nbring the ladder back.")
    # Another copy of the same draft replaces it.
    opened["draft"].fill("Piers, the ladder!")
    opened.save()
    assert [edit["text"] for edit in kept_edits(server)] == ["Piers, the ladder!"]


def test_nothing_is_kept_after_no(server: Served, open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    opened.write()
    opened.save()
    opened["learn-no"].click()
    expect(opened["learn"]).to_be_hidden()
    expect(opened["learning-state"]).to_have_text(ENGLISH["learning_no"])
    opened.page.reload()
    opened.write()
    opened.save()
    expect(opened["status"]).to_have_text(ENGLISH["saved"])
    expect(opened["learn"]).to_be_hidden()
    assert kept_edits(server) == []


# -- markup


def test_markup_is_shown_as_text(open_page: Callable[..., Opened], tmp_path: Path) -> None:
    opened = open_page()
    page = opened.page
    elements = "() => document.querySelectorAll('script, img, b:not(#marks b), iframe').length"
    before = page.evaluate(elements)
    (tmp_path / "mail.eml").write_text(f"From: Piers <piers@x.example>\nSubject: {MARKUP}\n\n{MARKUP}\n")
    page.locator("summary").first.click()
    opened["file"].set_input_files(tmp_path / "mail.eml")
    expect(opened["context"]).to_have_value(re.compile(re.escape(MARKUP)))
    opened.write(f"{REQUEST} {MARKUP}")
    opened["draft"].fill(f"Piers, 12 May {MARKUP} <i>Rowena</i>")
    expect(opened["behind"]).to_have_text(re.compile(re.escape(MARKUP)))
    expect(opened["marks"]).to_contain_text(ENGLISH["added"])
    page.locator("summary").last.click()
    history = opened["history"].get_by_role("button").first
    expect(history).to_contain_text(MARKUP)
    history.click()
    assert page.evaluate(elements) == before
    assert page.title() == ENGLISH["title"]


def test_the_browser_would_refuse_markup_of_others(watch: Watch, open_page: Callable[..., Opened]) -> None:
    page = open_page().page
    page.evaluate(
        """() => {
            const image = document.createElement("img");
            image.src = "https://goods.example/pixel.png";
            document.body.append(image);
            try { document.body.innerHTML = "<b>run</b>"; } catch { /* as it should be */ }
        }"""
    )
    assert page.locator("b").count() == 0
    expect(page.locator("img")).to_have_count(1)
    page.wait_for_timeout(200)
    html, picture = sorted(watch.problems, key=lambda problem: "TrustedHTML" not in problem)
    assert "TrustedHTML" in html and "Content Security Policy" in picture
    watch.problems.clear()
    watch.addresses[:] = [address for address in watch.addresses if "goods.example" not in address]


# -- on any screen


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_phone_does_not_scroll_sideways(open_page: Callable[..., Opened], language: str) -> None:
    opened = open_page(language, **PHONE)
    page = opened.page
    opened.write(f"{REQUEST} {LONG_WORD}")
    opened["recipient"].fill(LONG_WORD)
    opened["draft"].fill(f"12 May {LONG_WORD}s {'Rowena' * 20}")
    expect(opened["marks"].locator("b")).not_to_have_count(0)
    opened.save()
    expect(opened["learn"]).to_be_visible()
    for summary in page.locator("summary").all():
        summary.click()
    width = "() => Math.max(document.documentElement.scrollWidth, window.innerWidth)"
    assert page.evaluate(width) == PHONE["viewport"]["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_dark_where_the_system_is(server: Served, tab: Callable[..., Page], scheme: Any) -> None:
    page = tab(color_scheme=scheme)
    page.goto(server.own)
    for element in ("body", "input"):
        background, ink = map(brightness, page.locator(element).evaluate(COLOURS))
        assert (background < 0.2 and ink > 0.7) if scheme == "dark" else (background > 0.9 and ink < 0.2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_the_edges_of_fields_stand_out(open_page: Callable[..., Opened], scheme: Any) -> None:
    opened = open_page(color_scheme=scheme)
    opened.write()
    opened["draft"].fill("Rowena, 12 May")
    expect(opened["marks"]).to_contain_text(ENGLISH["added"])
    opened.page.locator("summary").first.click()
    text = opened.page.evaluate(COLOUR_PAIRS, "color")
    edges = opened.page.evaluate(COLOUR_PAIRS, "borderTopColor")
    assert len(text) > 20 and len(edges) == 5
    # WCAG 2.2, 1.4.3 and 1.4.11.
    assert [found for found in text if contrast(*found[1:]) < 4.5] == []
    assert [found for found in edges if contrast(*found[1:]) < 3] == []


def test_where_the_system_chooses_colors_marks_and_the_chosen_draft_are_seen(open_page: Callable[..., Opened]) -> None:
    opened = open_page(forced_colors="active")
    opened.write()
    opened["draft"].fill("Rowena, 12 May")
    expect(opened["behind"].locator("mark").first).to_have_css("border-bottom", re.compile("^2px solid"))
    chosen, *others = opened["drafts"].get_by_role("radio").all()
    background = "(element) => getComputedStyle(element).backgroundColor"
    assert chosen.evaluate(background) not in [other.evaluate(background) for other in others]


def test_what_happened_is_said_where_the_eye_is(open_page: Callable[..., Opened]) -> None:
    opened = open_page(viewport={"width": 320, "height": 640}, permissions=["clipboard-write"])
    opened.write()
    opened["copy"].click()
    expect(opened["status"]).not_to_be_in_viewport()
    expect(opened["echo"]).to_have_text(ENGLISH["copied"])
    expect(opened["echo"]).to_be_in_viewport()
    expect(opened["echo"]).to_be_visible()
    opened["status"].scroll_into_view_if_needed()
    expect(opened["echo"]).to_be_hidden()


def test_a_text_from_right_to_left_is_laid_out_so(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    for name in ("request", "recipient", "subject", "draft"):
        opened[name].fill("שלום, bring it")
        expect(opened[name]).to_have_css("direction", "rtl")
    # Marks are where the words are.
    expect(opened["behind"]).to_have_css("direction", "rtl")
    opened["draft"].fill("Shalom, שלום")
    expect(opened["behind"]).to_have_css("direction", "ltr")
    opened["request"].fill("")


# -- for a screen reader


def test_what_is_said_is_said_once(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    page = opened.page
    # A status that appears with its text is often not read aloud.
    statuses = page.locator("[role=status]")
    assert statuses.count() == 5
    assert statuses.evaluate_all("(all) => all.every((status) => status.checkVisibility())")
    opened.write()
    opened["draft"].fill("Piers, come on 12 May. ")
    expect(opened["marks"]).to_contain_text(ENGLISH["added"])
    page.evaluate(
        """() => {
            window.heard = [];
            new MutationObserver(() => heard.push(document.getElementById("marks").innerText))
                .observe(document.getElementById("marks"), { childList: true, subtree: true, characterData: true });
        }"""
    )
    opened["draft"].focus()
    opened.press("Control+End")
    with page.expect_response("**/page/history"):
        page.keyboard.type("so bring it then", delay=20)
    assert page.evaluate("heard") == []
    # The mark moves with its words, also before the next check.
    page.route("**/page/marks", hold)
    opened.press("Control+Home")
    page.keyboard.type("Well, ")
    expect(opened["behind"].locator("mark").first).to_have_text("12")
    opened["marks"].get_by_role("button", name="12").click()
    assert page.evaluate("getSelection().toString()") == "12"
    # A mark that is edited is gone, and nobody has said yet that all is right.
    opened["draft"].fill("Piers, come on 1.")
    expect(opened["marks"]).not_to_contain_text(ENGLISH["added"])
    expect(opened["marks"]).not_to_contain_text(ENGLISH["checked"])


def test_every_control_has_a_name_of_its_own(open_page: Callable[..., Opened], tmp_path: Path) -> None:
    opened = open_page()
    page = opened.page
    (tmp_path / "mail.eml").write_text("From: Piers <piers@x.example>\nSubject: Ladder\n\nWhich one?\n")
    page.locator("summary").first.click()
    opened["file"].set_input_files(tmp_path / "mail.eml")
    expect(opened["remove"]).to_be_visible()
    opened.write()
    opened.save()
    opened["learn-yes"].click()
    expect(opened["learning-change"]).to_be_visible()
    page.route("**/page/drafts", hold)
    opened.press("Control+Enter")
    expect(opened["stop"]).to_be_visible()
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    controls = [
        (node["role"]["value"], node["name"]["value"])
        for node in tree
        if not node["ignored"] and node["role"]["value"] in CONTROLS
    ]
    expected = {"button", "link", "radiogroup", "textbox", "DisclosureTriangle"}
    assert expected <= {role for role, _ in controls}
    assert [role for role, name in controls if not name.strip()] == []
    assert len(set(controls)) == len(controls)
    opened.press("Escape")
    expect(opened["status"]).to_have_text(ENGLISH["stopped"])

"""The page as a reader sees it, in a real headless Chromium: nothing is fetched, nothing is logged, everything can be read."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from loadtests.message import Message
from loadtests.reporting.report_html import page
from loadtests.summary import summarize
from loadtests.tests.samples import good_facts, good_messages
from loadtests.verdict import decide

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed on this machine"),
]
WALL = 1_795_000_100.0
SECTIONS = ["validity", "verdict", "percentiles", "flags", "waterfall", "heat", "throughput", "processors", "about"]
# The colours of a pair as the screen shows them, and how far apart they are: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
CONTRAST = """(selector) => {
  const light = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((value) => value / 255);
    const [r, g, b] = parts.map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const element = document.querySelector(selector);
  let back = element;
  while (getComputedStyle(back).backgroundColor === 'rgba(0, 0, 0, 0)') back = back.parentElement;
  const pair = [light(getComputedStyle(element).color), light(getComputedStyle(back).backgroundColor)].sort((a, b) => b - a);
  return (pair[0] + 0.05) / (pair[1] + 0.05);
}"""
# Texts of the plots that are too small to read, or cut off at the edge of their card.
UNREADABLE = """() => [...document.querySelectorAll('svg text')].filter((text) => {
  const box = text.getBoundingClientRect(), card = text.closest('section').getBoundingClientRect();
  const size = parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
  return Math.abs(size) > 0 && (Math.abs(size) < 9 || box.left < card.left || box.right > card.right);
}).map((text) => text.textContent)"""


def broken_run() -> tuple[list[Message], list[dict[str, Any]]]:
    """Messages of which some were lost, doubled and lied about, with what the emulator recorded of one."""
    messages = [replace(message, trace_id=f"1-{message.index}") for message in good_messages()]
    messages[3] = replace(messages[3], objects=(), items=(), notices=())
    messages[5] = replace(messages[5], objects=messages[5].objects * 2)
    messages[8] = replace(messages[8], items=())
    messages[11] = replace(messages[11], status=503, message_id=None, objects=(), items=(), notices=())
    common = {"trace_id": messages[3].trace_id, "outcome": "ok", "started": WALL + 0.301}
    journal = [
        {**common, "time": WALL + 0.301, "kind": "request", "service": "apigateway", "operation": "POST"},
        {**common, "time": WALL + 0.310, "kind": "call", "service": "logs", "operation": "PutLogEvents"},
        {
            **common,
            "time": WALL + 0.315,
            "kind": "call",
            "service": "s3",
            "operation": "PutObject",
            "outcome": "SlowDown",
        },
    ]
    return messages, journal


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    messages, journal = broken_run()
    facts = good_facts(epoch_wall=WALL, thresholds=("ingest p50 < 1ms",))
    summary = summarize(facts, messages)
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(facts, messages, summary, decide(facts, summary), journal), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as driver:
        options = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


class Opened:
    """The page in a window of its own, with all that it asked for and said."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, **options})
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)

    def shown(self) -> list[str]:
        """Which waterfalls can be seen."""
        found: list[str] = self.page.eval_on_selector_all(
            "[data-exemplar]", "all => all.filter(e => e.offsetHeight > 0).map(e => e.dataset.exemplar)"
        )
        return found


@pytest.fixture(scope="module")
def opened(browser: Any, address: str) -> Iterator[Opened]:
    window = Opened(browser, address)
    yield window
    window.context.close()


def test_page_fetches_nothing_says_nothing_and_is_in_order(opened: Opened, address: str) -> None:
    assert opened.page.eval_on_selector_all("section", "all => all.map(e => e.id)") == SECTIONS
    tops = opened.page.eval_on_selector_all("section", "all => all.map(e => e.getBoundingClientRect().top)")
    assert tops == sorted(tops)
    assert opened.said == []
    assert opened.asked == [address]


def test_page_may_not_fetch_anything_even_if_it_tried(browser: Any, address: str) -> None:
    window = Opened(browser, address)
    refused = window.page.evaluate(
        """() => new Promise((done) => {
          document.addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective));
          document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/spy.png'}));
        })"""
    )
    assert refused == "img-src"
    window.context.close()


def test_one_waterfall_is_shown_and_the_list_the_links_and_the_address_choose_it(opened: Opened, address: str) -> None:
    names = opened.page.eval_on_selector_all("#exemplar option", "all => all.map(e => e.value)")
    assert len(names) >= 5
    assert opened.shown() == names[:1]
    opened.page.select_option("#exemplar", names[-1])
    assert opened.shown() == names[-1:]
    assert opened.page.url == f"{address}#{names[-1]}"
    opened.page.click('#problems a[href="#message-3"]')
    # Not wait_for_function: what it evaluates in the page is what the page's own policy forbids.
    expect(opened.page.locator("#exemplar")).to_have_value("message-3")
    assert opened.shown() == ["message-3"]
    assert "SlowDown" in opened.page.inner_text('[data-exemplar="message-3"]')
    assert "PutLogEvents" not in opened.page.inner_text('[data-exemplar="message-3"]')
    opened.page.check("#minor")
    assert "PutLogEvents" in opened.page.inner_text('[data-exemplar="message-3"]')
    assert opened.said == []


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_can_be_read(opened: Opened, width: int, scheme: str) -> None:
    opened.page.set_viewport_size({"width": width, "height": 800})
    opened.page.emulate_media(color_scheme=scheme)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    assert opened.page.evaluate(UNREADABLE) == []
    for selector in ("#validity dd", "#verdict .word", ".soft", "#problems td.no", ".fall .what", ".heat td.unknown"):
        assert opened.page.evaluate(CONTRAST, selector) >= 4.5, selector


def test_every_waterfall_is_shown_where_scripts_do_not_run(browser: Any, address: str) -> None:
    window = Opened(browser, address, java_script_enabled=False)
    assert window.page.locator("[data-exemplar]:visible").count() == window.page.locator("[data-exemplar]").count() > 1
    window.context.close()

"""Boards under hands: a bar opens its records, the table says the same without a mouse, units are remembered, failures can be retried."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from models.base.documents import business_today
from tests import people as desk
from tests.conftest import CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def browser(driver):
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def board(browser, live_server, people):
    """Open a page as the general manager; one order of 12,345.60 was dispatched 40 days ago, another waits for its approval."""
    items = [(desk.product("QH0001"), 100, "", 100, "123.456")]
    order = desk.make_order(desk.customer(), items, date=business_today() - timedelta(days=40))
    desk.deliver(order)
    problems, contexts = [], []

    def start(path, language="en", width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 1400}, reduced_motion="reduce", **options)
        contexts.append(context)
        client = Client()
        client.force_login(desk.named("zong"))
        cookies = {"sessionid": client.cookies["sessionid"].value, "language": language}
        context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(live_server.url + path)
        return page

    yield start
    for context in contexts:
        context.close()
    assert problems == []


def drawn(page, key):
    """Wait for a chart; answers where its only full bar is, relative to its canvas."""
    page.wait_for_function(f"Chart.getChart(document.querySelector('[aria-labelledby=chart-{key}] canvas'))")
    return page.evaluate(
        """(key) => { const chart = Chart.getChart(document.querySelector(`[aria-labelledby=chart-${key}] canvas`));
             for (const [set, one] of chart.data.datasets.entries()) for (const [index, value] of one.data.entries())
               if (value > 0) {
                 const bar = chart.getDatasetMeta(set).data[index].getCenterPoint();
                 return {x: bar.x, y: bar.y, value}; } }""",
        key,
    )


def test_a_click_on_a_bar_opens_the_records_behind_it(board):
    page = board(reverse("admin:boards"))
    bar = drawn(page, "topcustomers")
    assert bar["value"] == 12345.60
    page.locator("[aria-labelledby=chart-topcustomers] canvas").click(position={"x": bar["x"], "y": bar["y"]})
    page.wait_for_url(re.compile(r"/sales/order/\?.*customer=\d+"))
    assert "12,345.60" in page.locator("#content").inner_text()


def test_the_table_says_the_same_without_a_mouse(board):
    page = board(reverse("admin:board", args=["sales"]))
    drawn(page, "topproducts")
    section = page.locator("[aria-labelledby=chart-topproducts]")
    button = section.get_by_role("button", name="Table")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    link = section.get_by_role("link", name=re.compile("Sales: 12,345.60"))
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/sales/orderline/\?.*product=\d+"))


def test_the_unit_is_remembered(board):
    page = board(reverse("admin:boards"))
    tile = page.locator("data.tile-figure").first
    assert tile.inner_text().startswith("12,345.60")
    page.get_by_role("button", name="10,000 CNY").click()
    assert tile.inner_text().startswith("1.23")
    page.goto(page.url.replace("/boards/", "/boards/sales/"))
    assert page.locator("data.tile-figure").first.inner_text().startswith("1.23")
    drawn(page, "topcustomers")
    assert "10,000 CNY" in page.locator("[aria-labelledby=chart-topcustomers] [data-note]").inner_text()


def test_chinese_begins_with_ten_thousands(board):
    page = board(reverse("admin:boards"), language="zh-hans")
    assert page.locator("data.tile-figure").first.inner_text().startswith("1.23")


def test_what_failed_can_be_tried_again(board):
    page = board(reverse("admin:workbench"))
    page.route("**/boards/data/topcustomers/**", lambda route: route.abort())
    page.goto(page.url.replace("/workbench/", "/boards/"))
    section = page.locator("[aria-labelledby=chart-topcustomers]")
    again = section.get_by_role("button", name="Try again")
    again.wait_for()
    page.unroute("**/boards/data/topcustomers/**")
    again.click()
    assert drawn(page, "topcustomers")["value"] == 12345.60


def test_an_ended_session_is_a_failure_and_no_chart(board):
    page = board(reverse("admin:workbench"))
    page.route("**/boards/data/**", lambda route: route.fulfill(status=200, content_type="text/html", body="<html>Log in</html>"))
    page.goto(page.url.replace("/workbench/", "/boards/"))
    page.get_by_role("button", name="Try again").first.wait_for()


def test_a_phone_shows_lying_bars_and_never_scrolls_sideways(board):
    page = board(reverse("admin:boards"), width=390, has_touch=True)
    drawn(page, "salesbymonth")
    assert page.evaluate("Chart.getChart(document.querySelector('[aria-labelledby=chart-salesbymonth] canvas')).options.indexAxis") == "y"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_charts_follow_the_dark_theme(board):
    page = board(reverse("admin:boards"))
    drawn(page, "topcustomers")
    colour = "Chart.getChart(document.querySelector('[aria-labelledby=chart-topcustomers] canvas')).data.datasets[0].backgroundColor"
    before = page.evaluate(colour)
    page.evaluate("document.documentElement.classList.toggle('dark')")
    page.wait_for_function(f"{colour} !== '{before}'")


@pytest.mark.req("DAY-03")
def test_a_print_from_the_browser_is_counted(board):
    from models.sales.models import Order

    order = Order.objects.get()
    page = board(reverse("admin:sales_order_print", args=[order.pk]))
    with page.expect_response(re.compile("/print/a4/count/")):
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert Order.objects.get().print_count == 1
    assert page.locator("[data-print-number]").first.inner_text() == "2"

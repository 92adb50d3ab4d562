"""Every screen on a phone and on a desk: nothing to scroll sideways, no error of a script, dialogs that hold the focus."""

import pytest
from django.contrib import admin

from admin_config.records import RecordAdmin
from tests.browser.hands import Person
from tests.browser.test_main_job import PASSWORD, chromium, site  # noqa: F401 (fixtures)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
PHONE, DESK = (390, 844), (1280, 900)


def addresses():
    """The lists and the forms of new records that an administrator can open."""
    for screen in admin.site._registry.values():
        if isinstance(screen, RecordAdmin) and screen.opts.app_label != "flows":
            yield screen.link("changelist")
            if screen.model.__name__ in {
                "Customer",
                "Product",
                "Quote",
                "Order",
                "Receipt",
                "Role",
                "OptionList",
                "PriceList",
                "Interaction",
            }:
                yield screen.link("add")


@pytest.mark.parametrize(
    ("language", "size"), [("zh-CN", PHONE), ("en-GB", PHONE), ("en-GB", DESK)], ids=["zh-phone", "en-phone", "en-desk"]
)
def test_no_screen_scrolls_sideways(language, size, site, chromium):  # noqa: F811
    person, wide = Person(chromium, site.address, "guanli", PASSWORD, language, *size), []
    for address in addresses():
        person.open(address)
        width = person.page.evaluate("document.documentElement.scrollWidth")
        if width > size[0]:
            wide.append((address, width))
    assert not wide and not person.problems


def test_a_print_fits_a_phone(site, chromium):  # noqa: F811
    """The sheets are scaled on the screen, and keep their size on paper."""
    person = Person(chromium, site.address, "guanli", PASSWORD, "en-GB", *PHONE)
    person.open("/customers/customer/")
    person.open(person.page.locator("#result_list tbody th a").first.get_attribute("href").replace("/change/", "/statement/slip/"))
    assert person.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    person.page.emulate_media(media="print")
    assert person.page.locator(".sheet").first.bounding_box()["width"] > PHONE[0]


def test_the_menu_shows_where_one_is(site, chromium):  # noqa: F811
    """Also where the entry lies below the fold; and choosing a file there makes no error."""
    person = Person(chromium, site.address, "guanli", PASSWORD, "en-GB", 1280, 700)
    person.open("/lowcode/numberrule/")
    box = person.page.locator("#nav-sidebar-apps [aria-current]").bounding_box()
    assert 48 <= box["y"] and box["y"] + box["height"] <= 700
    person.open("/customers/customer/import/")
    person.page.set_input_files("input[type=file]", {"name": "a.csv", "mimeType": "text/csv", "buffer": b"Code,Name\n"})
    assert not person.problems


def test_hands_stay_on_the_keys(site, chromium):  # noqa: F811
    """The command search and a picker by keyboard alone; a dialog keeps the focus and its text until it is closed by name or Esc."""
    person = Person(chromium, site.address, "yewu1", PASSWORD, "en-GB", *DESK)
    page = person.page
    page.keyboard.press("Control+k")
    page.keyboard.type("KH00")
    page.wait_for_selector("#command-found a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/customer/*/change/")
    person.open("/sales/quote/add/")
    assert page.evaluate("document.activeElement.id") == "id_customer"
    page.keyboard.type("KH00")
    page.wait_for_selector(".picker-row[aria-selected=true]")
    page.keyboard.press("Tab")
    assert page.locator("input[name=customer]").input_value() and page.evaluate("document.activeElement.id") != "id_customer"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    for _ in range(5):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || Boolean(document.activeElement.closest('#keys'))")
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible() and not person.problems

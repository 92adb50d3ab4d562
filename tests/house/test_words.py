"""Screens speak in words: lists are called what their headings say, nothing shows codes, log-in names or columns of the machinery."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags

from admin_config.records import LedgerAdmin, RecordAdmin, is_machinery
from models.audit.changes import changes
from models.customers.models import Customer
from models.finance.models import Receivable
from models.lowcode.models import ImportRun, NumberRule, Option, OptionList
from models.products.models import Product
from tests.filling import filled, rows
from tests.people import deliver, login, make_order, product

pytestmark = pytest.mark.django_db
SCREENS = [screen for screen in admin.site._registry.values() if isinstance(screen, RecordAdmin)]
UNREAD = re.compile(r'<(script|template)\b.*?</\1>|<span class="material[^>]*>[^<]*</span>', re.DOTALL)
CODES = re.compile(r"\b[a-z]+\.[a-z]+\b|\b[a-z]+_[a-z_]+\b")


def shown(response):
    """The text of the page's content, without sidebar, scripts and icons."""
    content = response.content.decode().partition('<main id="content"')[2].partition("</main>")[0]
    content = UNREAD.sub("", content).partition(">")[2].replace("<", " <")
    return " ".join(unescape(strip_tags(content)).split())


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_the_tab_of_a_list_is_called_like_its_heading(language, people, client):
    user = login(client, "administrator")
    with changes("command"):
        type(user).objects.filter(pk=user.pk).update(language=language)
    for screen in SCREENS:
        page = client.get(screen.link("changelist")).content.decode()
        title = re.search(r"<title>(.*?)</title>", page, re.S)[1].partition("|")[0]
        heading = re.search(r"<h1>(.*?)</h1>", page, re.S)[1]
        assert title.strip() == heading.strip(), screen.opts.label


@pytest.mark.parametrize("screen", [one for one in SCREENS if isinstance(one, LedgerAdmin)], ids=lambda one: one.opts.label_lower)
def test_journals_show_nothing_that_only_programs_read(screen, people, rf):
    request = rf.get("/")
    request.user = people.administrator
    placed = screen.placed_fields(request)
    assert [field.name for field in screen.opts.concrete_fields if field.name in placed and is_machinery(field)] == []


def test_an_import_is_told_in_words(people, client):
    login(client, "administrator")
    run = ImportRun.objects.create(record_type="customers.customer", file_name="list", user=people.administrator)
    for page in (reverse("admin:lowcode_importrun_changelist"), reverse("admin:lowcode_importrun_change", args=[run.pk])):
        text = shown(client.get(page))
        assert "Customer" in text and people.administrator.employee.name in text
        assert run.token not in text and people.administrator.username not in text and not CODES.findall(text), text


def test_number_rules_are_called_like_their_documents(people, client):
    login(client, "administrator")
    rule = NumberRule.objects.get(document="delivery")
    with translation.override("zh-hans"):
        assert rule.title() == f"发货单: {rule.pattern}"
    assert rule.title() == f"Delivery: {rule.pattern}"
    text = shown(client.get(reverse("admin:lowcode_numberrule_changelist")))
    assert "Delivery" in text and "opening_stock" not in text


def test_option_lists_are_called_by_their_names(people, client):
    login(client, "administrator")
    page = client.get(reverse("admin:lowcode_optionlist_changelist")).content.decode()
    links = re.findall(r"<th class=\"cell[^>]*><a [^>]*>(.*?)</a>", page)
    assert set(links) == {one.title() for one in OptionList.objects.all()}


def test_prices_of_a_page_stand_with_their_points_in_one_line(people, client):
    login(client, "administrator")
    with changes("command"):
        Product.objects.filter(code="QH0001").update(price=Decimal("1.2345"))
    page = client.get(reverse("admin:products_product_changelist"), {"q": "QH000"}).content.decode()
    prices = re.findall(r"field-price num\"[^>]*>([^<]*)<", page)
    assert "1.2345" in prices and {len(text.partition(".")[2]) for text in prices} == {4}


def test_a_movement_tells_the_specification_and_the_unit(people, client):
    login(client, "administrator")
    thing = product("QH0001")
    deliver(make_order(items=[(thing, 3)]), {1: 3})
    text = shown(client.get(reverse("admin:stock_movement_changelist")))
    assert f"{thing} {thing.specification}" in text and f" {thing.unit} " in text


def test_instalments_are_told_apart(people, client):
    login(client, "administrator")
    deliver(make_order(items=[(product("QH0001"), 3)]), {1: 3})
    owed = Receivable.objects.get()
    assert f"{owed.source_number}-{owed.instalment}" in shown(client.get(reverse("admin:finance_receivable_changelist")))


def test_what_is_not_there_offers_the_search(people, client):
    login(client, "administrator")
    page = client.get("/no/such/page/").content.decode()
    assert "/#search" in page and "Ctrl+K" not in page


def test_browsers_find_the_picture_of_the_site(client, db):
    assert client.get("/favicon.ico").url.endswith("favicon.svg")


def test_a_board_without_amounts_has_no_unit_to_choose(people, client):
    login(client, "administrator")
    assert b"data-unit=" not in client.get(reverse("admin:board", args=["approvals"])).content
    assert b"data-unit=" in client.get(reverse("admin:board", args=["overview"])).content


@pytest.mark.req("ADM-14")
@pytest.mark.parametrize(
    ("language", "menu", "option", "field"),
    [
        ("en", "Quotes", "Own level", "Price level"),
        ("zh-hans", "报价单", "自定级别", "价格级别"),
        ("zh-hant", "報價單", "自訂級別", "價格等級"),
    ],
)
def test_menus_options_and_labels_follow_the_person(language, menu, option, field, people, client):
    """An option named by an administrator in three languages is shown in the one that its reader has chosen."""
    login(client, "administrator")
    levels = OptionList.objects.get(code="price_level")
    address = reverse("admin:lowcode_optionlist_change", args=[levels.pk])
    names = {"labels_en": "Own level", "labels_zh-hans": "自定级别", "labels_zh-hant": "自訂級別"}
    further = rows("options", {"code": "own", "colour": "grey", "position": "9", "is_active": "on", **names}, stored=levels.options.count())
    assert client.post(address, filled(client.get(address), **further)).status_code == 302
    user = login(client, "general_manager")
    with changes("command"):
        Customer.objects.filter(code="KH0002").update(price_level=Option.objects.get(code="own"))
    client.post("/language/", {"language": language, "next": "/"})
    user.refresh_from_db()
    assert user.language == language
    page = client.get(reverse("admin:customers_customer_change", args=[Customer.objects.get(code="KH0002").pk])).content.decode()
    assert f'lang="{language}"' in page
    assert [text for text in (menu, option, field) if text not in page] == []

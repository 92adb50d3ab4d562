"""Every history page that a day's work fills speaks words: no codename, record type or column of the code stands on it."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils.html import strip_tags

from admin_config.records import RecordAdmin
from models.audit.models import ChangeSet
from models.base import policy
from models.base.operations import all_operations
from models.lowcode.models import OptionList
from tests.people import deliver, login, make_order, make_quote, product, receive, take_back

pytestmark = pytest.mark.django_db
EACH = 3  # records of a kind
HISTORY = re.compile(r'<ol class="history">.*?</ol>', re.S)


def known_codes():
    """The names that programs read and people must not meet."""
    screens = [screen for screen in admin.site._registry.values() if isinstance(screen, RecordAdmin)]
    codes = {operation.codename for operation in all_operations()} | {policy.record_type(screen.model) for screen in screens}
    codes |= {field.name for screen in screens for field in screen.model._meta.concrete_fields if "_" in field.name}
    chosen = set(OptionList.objects.values_list("code", flat=True))  # what administrators call their lists is theirs to see
    return {code for code in codes if re.search(r"[._]", code)} - chosen | {"zh-hans", "zh-hant"}


def words_of(html):
    return set(re.findall(r"[a-z][a-z0-9_.-]*[a-z0-9]", unescape(strip_tags(html))))


@pytest.fixture
def busy(people):
    """A quote in approval, an order delivered, paid and returned in part."""
    things = [product(f"QH{number:04d}") for number in range(1, 6)]
    make_quote(items=[(one, 3) for one in things])
    order = make_order(items=[(one, 10) for one in things])
    delivery = deliver(order, {1: 4, 2: 5})
    receive(order.customer.debtor, "5")
    take_back(delivery, {1: 1})


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_code_stands_on_any_history_page(busy, client, language):
    login(client, "administrator")
    codes, met, pages = known_codes(), {}, 0
    for model, screen in admin.site._registry.items():
        if not isinstance(screen, RecordAdmin) or getattr(model, "history", None) is None:
            continue
        for key in model._base_manager.order_by("-pk").values_list("pk", flat=True)[:EACH]:
            response = client.get(screen.link("history", key), headers={"accept-language": language, "hx-request": "true"})
            if response.status_code != 200:
                continue
            pages += 1
            found = "".join(HISTORY.findall(response.content.decode()))
            labels = {label.replace("English", "") for label in re.findall(r"<dt>(.*?)</dt>", found)}
            assert language == "en" or [label for label in labels if re.search(r"[A-Za-z]{3,}", label)] == [], model
            if hits := words_of(found) & codes:
                met[f"{model._meta.label} {key}"] = hits
    assert met == {}
    assert pages > 40


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_code_stands_in_the_feed(busy, client, language):
    login(client, "administrator")
    codes = known_codes()
    response = client.get(reverse("admin:audit_changeset_changelist"), headers={"accept-language": language})
    table = re.search(r"<tbody.*</tbody>", response.content.decode(), re.S)[0]
    assert words_of(table) & codes == set()
    for changeset in ChangeSet.objects.order_by("-id")[:20]:
        page = client.get(reverse("admin:audit_changeset_change", args=[changeset.pk]), headers={"accept-language": language})
        main = page.content.decode().split("<main", 1)[-1]
        assert words_of(main) & codes == set(), changeset.reason

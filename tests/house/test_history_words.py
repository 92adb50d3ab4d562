"""The history speaks to people: no codename, no record type of the code, no key of a JSON object, in any language."""

import json
import re
from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from admin_config.columns import column_for, value_html
from flows.buttons import DEEDS
from flows.facts import FACTS
from flows.models import ApprovalProcess, ChainCondition
from models.audit import reasons
from models.audit.changes import changes
from models.audit.differences import generic_keys, in_words, told_fields, versions
from models.audit.models import ChangeSet
from models.base import words
from models.base.operations import all_operations
from models.customers.models import Address, Customer
from models.finance.models import CreditOverride, OpeningReceivable
from models.lowcode.models import ImportMapping, NumberRule, OptionList
from models.org.models import Role, RoleGrant, RoleHolder
from models.sales.models import Delivery, Order
from tests.house.samples import make_company, make_order

CODE = re.compile(r"\w_\w|\b[a-z]+\.[a-z]+\b|[{}]")
LANGUAGES = ["zh-hans", "en"]
LATIN = re.compile(r"[A-Za-z]{3,}")


@pytest.fixture(params=LANGUAGES)
def language(request):
    with override(request.param):
        yield request.param


def is_code(text, language):
    return bool(CODE.search(text) or (language == "zh-hans" and LATIN.search(text)))


def tracked_models():
    found = (model for model in apps.get_models() if hasattr(model, "history") and not model._meta.proxy)
    return [model for model in found if not hasattr(model, "instance_type")]


def told(obj):
    """{label: (before, after)} of the newest version."""
    return {change.label: (change.before, change.after) for change in versions(obj)[-1].changes}


# ── reasons ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_operation_is_a_reason_in_words(language):
    spoken = [reasons.in_words(operation.codename, model) for operation in all_operations() for model in (None, operation.model, Order)]
    assert len(spoken) > 100
    assert [text for text in spoken if is_code(text, language)] == []


def test_every_deed_and_every_print_is_a_reason_in_words(language):
    codes = [*(f"approval {key}" for key in DEEDS), "approval reminder", "nudge", "copy", "delete", "files", "language"]
    codes += [f"print_{model._meta.model_name}" for model in (Order, Delivery)]
    codes += ["default approval chains", "reference data", "demo", "create_user"]
    assert [code for code in codes if reasons.in_words(code) == code or is_code(reasons.in_words(code), language)] == []


def test_every_bulk_action_is_a_reason_in_words(rf, admin_user, language):
    request = rf.get("/")
    request.user = admin_user
    names = {name for screen in admin.site._registry.values() for name in screen.get_actions(request)}
    assert {"delete_selected", "export_selected"} <= names
    assert [name for name in names if is_code(reasons.in_words(name), language)] == []


def test_what_was_typed_stands_behind_the_label():
    assert reasons.in_words("void_order: wrong: customer", Order) == "Void: wrong: customer"
    assert reasons.in_words("void_order: wrong customer") == "Void (Order): wrong customer"
    assert reasons.in_words("dispatch_delivery", Order) == "Dispatch (Delivery)"
    assert reasons.in_words("approval approve") == "Approve"
    with override("zh-hans"):
        assert reasons.in_words("void_order: 客户写错", Order) == "作废：客户写错"
        assert reasons.in_words("dispatch_delivery", Order) == "发货（发货单）"
    assert reasons.in_words("loaddata reference.json") == "loaddata reference.json"


def test_a_change_set_is_called_by_its_reason():
    changeset = ChangeSet(kind="operation", reason="void_order: wrong customer")
    assert str(changeset) == "Operation Void (Order): wrong customer"
    with override("zh-hant"):
        assert "void_order" not in str(changeset)


# ── columns ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_column_told_has_a_name(language):
    labels = [(told.model._meta.label, told.name, str(told.verbose_name)) for model in tracked_models() for told in told_fields(model)]
    assert len(labels) > 400
    assert [one for one in labels if is_code(one[2], language)] == []


def test_technical_columns_and_halves_of_keys_are_not_told():
    names = {told.name for model in tracked_models() for told in told_fields(model)}
    assert names & (words.TECHNICAL | {"changed_at", "changed_by", "password", "last_login"}) == set()
    halves = {column.removesuffix("_id") for model in tracked_models() for one in generic_keys(model) for column in (one.kind, one.key)}
    assert halves <= {name.removesuffix("_id") for name in words.TECHNICAL}
    lonely = [
        f"{model._meta.label}.{field.name}"
        for model in tracked_models()
        for field in model._meta.concrete_fields
        if field.related_model is ContentType and field.attname not in {one.kind for one in generic_keys(model)}
    ]
    assert lonely == ["flows.ApprovalTask.owner_permission_content_type"]  # of the engine, always empty


@pytest.mark.django_db
def test_every_choice_is_told_by_its_label(language):
    """Choices of the languages are called in their own."""
    shown = [
        (f"{model._meta.label}.{told.name}", value, in_words(told, value))
        for model in tracked_models()
        for told in told_fields(model)
        if told.choices and list(told.choices) != settings.LANGUAGES
        for value, _label in told.flatchoices
        if value not in ("", None)
    ]
    assert len(shown) > 100
    assert [one for one in shown if is_code(one[2], language)] == []


@pytest.mark.django_db
def test_columns_that_hold_codes_say_so(language):
    """A plain column named like one that holds a code declares its words."""
    suspects = {"record_type", "verb", "document", "field", "codename", "model"}
    silent = [
        f"{model._meta.label}.{field.name}"
        for model in [*tracked_models(), *apps.get_app_config("lowcode").get_models()]
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField)
        and field.name in suspects
        and not field.choices
        and field.name not in getattr(model, "IN_WORDS", {})
        and not hasattr(model, "instance_type")
        and model._meta.label != "lowcode.NumberCounter"
    ]
    assert silent == []


def test_grants_of_all_roles_are_in_words(language):
    roles = json.loads((settings.BASE_DIR / "fixtures" / "org" / "roles.json").read_text(encoding="utf-8"))
    grants = {
        (kind, verb)
        for role in roles.values()
        for kind, scopes in role["grants"].items()
        for verbs in scopes.values()
        for verb in verbs.split()
    }
    told = [str(RoleGrant(record_type=kind, verb=verb, scope="own")) for kind, verb in grants]
    assert len(told) > 100
    assert [text for text in told if is_code(text, language)] == []


@pytest.mark.parametrize(
    "stored, spoken",
    [
        (None, ""),
        (True, "Yes"),
        (Decimal("1234.500"), "1234.5"),
        (date(2025, 6, 1), "1 Jun 2025"),
        (["a", 1], "a, 1"),
        ({"wanted_colour": "red", "en": "Red"}, "Wanted colour: red; English: Red"),
    ],
)
def test_values_inside_json_are_plain(stored, spoken):
    field = ImportMapping._meta.get_field("options")
    assert in_words(field, stored) == spoken


# ── records ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_a_role_tells_of_its_grants_and_holders(language):
    with changes("form"):
        role = Role.objects.create(code="seller", name="Seller")
        grant = RoleGrant.objects.create(role=role, record_type="sales.order", verb="void_order", scope="own")
    with changes("form"):
        grant.scope = "all"
        grant.save()
    last = versions(role)[-1]
    told = [(change.label, change.before, change.after) for change in last.changes]
    expected = {
        "en": ("Grant: Order: Void (All)", [("Scope", "Own", "All")]),
        "zh-hans": ("授权: 销售订单: 作废 (全部)", [("数据范围", "本人", "全部")]),
    }
    assert (last.record, told) == expected[language]
    added = {change.field_name: change.after for change in versions(role)[-2].changes}
    assert added == {
        "record_type": {"en": "Order", "zh-hans": "销售订单"}[language],
        "verb": {"en": "Void", "zh-hans": "作废"}[language],
    } | {"scope": {"en": "Own", "zh-hans": "本人"}[language]}


def test_the_parts_of_a_record_cost_no_query_each(people, django_assert_num_queries):
    sizes = {role.pk: role.holders.count() for role in Role.objects.all()}
    small, *_rest, large = sorted((role for role in Role.objects.all() if sizes[role.pk]), key=lambda role: sizes[role.pk])
    assert sizes[large.pk] > sizes[small.pk]
    with CaptureQueriesContext(connection) as first:
        versions(small)
    with django_assert_num_queries(len(first)):
        assert len([version for version in versions(large) if version.model is RoleHolder]) == sizes[large.pk]


@pytest.mark.django_db
def test_a_label_is_told_language_by_language():
    with changes("form"):
        listed = OptionList.objects.create(code="colours", labels={"en": "Colours", "zh-hans": "颜色"})
    with changes("form"):
        listed.labels = {"en": "Colors", "zh-hans": "颜色", "zh-hant": "顏色"}
        listed.save()
    assert told(listed) == {"Labels (English)": ("Colours", "Colors"), "Labels (繁體中文)": ("", "顏色")}


@pytest.mark.django_db
def test_a_number_rule_is_called_by_its_document():
    with changes("form"):
        rule = NumberRule.objects.create(document="order", pattern="SO-{yyyy}-{n:4}")
    assert (str(rule), told(rule)["Document"]) == ("Order: SO-{yyyy}-{n:4}", ("", "Order"))


@pytest.mark.django_db
def test_a_mapping_tells_fields_by_their_labels():
    with changes("form"):
        columns = {"customer__code": {"column": "客户", "map": {}}, "remark": "备注", "rate": {"value": "1"}}
        options = {"key": ["number"], "effective": True, "lines": {"sheet": "明细", "key": "单号"}}
        mapping = ImportMapping.objects.create(record_type="sales.order", name="ours", columns=columns, options=options)
    assert told(mapping) == {
        "Record type": ("", "Order"),
        "Name": ("", "ours"),
        "Columns (Customer / Code)": ("", "客户"),
        "Columns (Exchange rate)": ("", "“1”"),
        "Columns (Remark)": ("", "备注"),
        "Options (A row changes the record that has the same)": ("", "Number"),
        "Options (Effective history)": ("", "Yes"),
        "Options (Sheet of the lines)": ("", "明细"),
    }


@pytest.mark.django_db
def test_custom_fields_are_told_one_by_one():
    order = make_order()
    with changes("form"):
        Order.objects.update(extra={"wanted_colour": "red"})
    assert told(order) == {"Custom fields (Wanted colour)": ("", "red")}


@pytest.mark.django_db
def test_the_record_behind_a_generic_key_is_told_by_its_title():
    order = make_order()
    kind = ContentType.objects.get_for_model(order)
    with changes("form"):
        override = CreditOverride.objects.create(
            source_type=kind, source_id=order.pk, customer=order.customer, excess=Decimal(50), reason="Pays on Friday."
        )
    assert told(override)["Source document"] == ("", f"Draft {order.pk}")
    with changes("form"):
        CreditOverride.objects.update(source_id=4711)
    assert told(override) == {"Source document": (f"Draft {order.pk}", "order 4711 (deleted)")}


@pytest.mark.django_db
def test_a_customer_tells_of_its_addresses():
    make_order()
    customer = Customer.objects.get()
    with changes("form"):
        address = Address.objects.create(customer=customer, consignee="Wang", city="Shanghai")
    last = versions(customer)[-1]
    assert (last.record, {change.label for change in last.changes} >= {"City"}) == (f"Address: {address.title()}", True)
    assert "customer" not in {change.field_name for change in last.changes}


def test_facts_of_an_approval_are_words(language):
    spoken = [ApprovalProcess.KEYS_IN_WORDS["facts"](name, "1", None)[0] for name in FACTS]
    assert [text for text in spoken if is_code(text, language)] == []
    yes = {"en": "Yes", "zh-hans": "是"}[language]
    condition = ChainCondition(fact="below_floor", operator="is", value="yes")
    assert in_words(ChainCondition._meta.get_field("value"), "yes", row=condition) == yes
    condition = ChainCondition(fact="amount", operator=">", value="50000")
    assert in_words(ChainCondition._meta.get_field("value"), "50000", row=condition) == "50,000.00"


# ── other places ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_override_without_a_word_is_told_by_its_figures():
    override_given = CreditOverride(excess=Decimal(50), overdue=Decimal(0))
    assert CreditOverride.IN_WORDS["reason"]("", override_given) == "Beyond the credit limit by 50.00"
    assert CreditOverride.IN_WORDS["reason"]("Pays on Friday.", override_given) == "Pays on Friday."
    with override("zh-hans"):
        assert not LATIN.search(CreditOverride.IN_WORDS["reason"]("", override_given))


@pytest.mark.django_db
def test_an_opening_document_goes_by_its_external_number():
    document = OpeningReceivable(company=make_company(), pk=7, external_number="QC-1")
    assert document.display_number == "Draft 7"
    document.approval = "approved"
    assert document.display_number == "QC-1"
    document.external_number = ""
    assert document.display_number == "opening receivable 7"
    document.number = "N1"
    assert document.display_number == "N1"


def test_lists_show_words_for_codes():
    rule = NumberRule(document="order", pattern="{n:4}")
    assert column_for(NumberRule, "document")(rule) == "Order"
    assert value_html(NumberRule._meta.get_field("document"), rule) == "Order"
    assert column_for(ChangeSet, "reason")(ChangeSet(reason="void_order")) == "Void (Order)"

"""The inbox, the buttons on documents and the chains, through the browser's eyes. Nobody here is the superuser."""

import pytest
from django.urls import reverse

from flows.models import ApprovalChain, ChainApprover, ChainCondition, ChainLevel, MyTask
from flows.route import decide, open_process
from models.audit.changes import changes
from models.org.models import FieldLimit, RoleGrant
from models.sales.operations.orders import submit_order
from models.sales.operations.quotes import submit_quote
from tests.flows.conftest import approver, level, make_chain, make_order, make_quote, task_of, tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def quote(company):
    make_chain(company, level(approver(), when=["below_floor is yes"]), level(approver("role", role=company.roles["accountant"])))
    quote = make_quote(company, price=84)
    submit_quote(quote, by=company.sales)
    return quote


def page(client, user, address):
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def deed(quote, key, name):
    return reverse("admin:approval_deed", args=["quote", quote.pk, key]) + f"?task={task_of(quote, name).pk}"


def change_page(quote):
    return reverse("admin:sales_quote_change", args=[quote.pk])


def test_the_inbox_shows_what_why_and_from_whom(client, company, quote):
    text = page(client, company.supervisor, reverse("admin:inbox"))
    for shown in (quote.number, "Kind Ltd", "84.00", "Below the owner&#x27;s discount floor", "Ye"):
        assert shown in text
    assert quote.number not in page(client, company.accountant, reverse("admin:inbox"))


@pytest.mark.parametrize("model", ["mytask", "queuetask", "startedbyme", "donetask"])
def test_every_tab_opens_for_everybody_and_is_searched_and_filtered(client, company, quote, model, django_assert_max_num_queries):
    decide(task_of(quote, "Su"), company.supervisor, "approve")
    address = reverse(f"admin:flows_{model}_changelist")
    who = {"mytask": None, "queuetask": company.accountant, "startedbyme": company.sales, "donetask": company.supervisor}[model]
    for user in (company.supervisor, company.accountant, company.sales, company.gm):
        client.force_login(user)
        with django_assert_max_num_queries(20):
            text = client.get(address).content.decode()
        assert (quote.number in text) == (user == who)
        assert quote.number not in client.get(address, {"q": "no such thing"}).content.decode()
        assert client.get(address, {"q": quote.number}).status_code == 200
    code = "code" if model == "startedbyme" else "process__code"
    if who is not None:
        client.force_login(who)
        assert quote.number in client.get(address, {code: "quote"}).content.decode()
        assert quote.number not in client.get(address, {code: "order"}).content.decode()


def test_a_row_opens_the_document(client, company, quote):
    client.force_login(company.supervisor)
    address = reverse("admin:flows_mytask_change", args=[task_of(quote, "Su").pk])
    assert client.get(address).url == f"{change_page(quote)}?from=inbox"
    client.force_login(company.accountant)
    assert client.get(address).status_code == 404, "not yours looks like not there"


def test_the_document_shows_panel_and_buttons_to_its_decider_only(client, company, quote):
    text = page(client, company.supervisor, change_page(quote))
    assert "Why you" in text and "approval-approve" in text and "Reject" in text
    assert "Below the owner&#x27;s discount floor" in text
    text = page(client, company.sales, change_page(quote))
    assert "Why you" not in text and "approval-approve" not in text
    assert "Waits for" in text and "Nudge" in text


@pytest.mark.req("QUO-03")
def test_approving_by_the_dialog(client, company, quote):
    address = deed(quote, "approve", "Su")
    text = page(client, company.supervisor, address)
    assert quote.number in text and "84.00" in text and "<textarea" in text
    response = client.post(address, {"comment": "Fine."}, headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (204, change_page(quote))
    assert list(tasks(quote)) == ["accountant"]


def test_the_next_task_follows_a_decision_from_the_inbox(client, company, quote):
    second = make_quote(company, price=84)
    submit_quote(second, by=company.sales)
    client.force_login(company.supervisor)
    first_page = client.get(client.get(reverse("admin:flows_mytask_change", args=[task_of(quote, "Su").pk])).url).content.decode()
    assert "from=inbox" in first_page
    decided = client.post(f"{deed(quote, 'approve', 'Su')}&from=inbox", {"comment": ""})
    assert decided.url == reverse("admin:flows_mytask_change", args=[task_of(second, "Su").pk])
    assert client.get(decided.url).url == f"{change_page(second)}?from=inbox"
    last = client.post(f"{deed(second, 'return', 'Su')}&from=inbox", {"comment": "Dearer."}, follow=True)
    assert last.redirect_chain[-1][0] == reverse("admin:inbox") and "Nothing more waits for you." in last.content.decode()


def test_a_rejection_without_words_keeps_the_dialog(client, company, quote):
    client.force_login(company.supervisor)
    response = client.post(deed(quote, "reject", "Su"), {"comment": ""})
    assert response.status_code == 200 and "Say why" in response.content.decode()
    assert list(tasks(quote)) == ["Su"]


def test_a_decision_by_another_meanwhile_is_told(client, company, quote):
    decide(task_of(quote, "Su"), company.supervisor, "approve")
    client.force_login(company.accountant)
    address = deed(quote, "approve", "accountant")
    decide(task_of(quote, "accountant"), company.accountant2, "approve")
    response = client.post(address, {"comment": "Fine, I think."})
    text = response.content.decode()
    assert "Already approved by Kang" in text and "Fine, I think." in text


def test_who_is_not_asked_cannot_decide(client, company, quote):
    for user in (company.sales, company.gm, company.accountant):
        client.force_login(user)
        response = client.post(deed(quote, "approve", "Su"), {"comment": "Me too."})
        assert "waits for Su" in response.content.decode()
    assert list(tasks(quote)) == ["Su"]


def test_a_document_that_may_not_be_seen_is_not_there_but_its_decider_may_decide(client, company, quote):
    with changes("form"):
        RoleGrant.objects.filter(record_type="sales.quote", verb="view").delete()
    client.force_login(company.gm)
    assert client.get(deed(quote, "approve", "Su")).status_code == 404
    assert client.get(reverse("admin:approval_route", args=["quote", quote.pk])).status_code == 404
    text = page(client, company.supervisor, reverse("admin:flows_mytask_change", args=[task_of(quote, "Su").pk]))
    assert "You may decide" in text and "Below the owner" in text and "approval-approve" in text
    client.post(deed(quote, "approve", "Su"), {"comment": ""})
    assert list(tasks(quote)) == ["accountant"]


@pytest.mark.parametrize(("key", "name"), [("reassign", "Dong"), ("add_signer", "Dong")])
def test_a_colleague_is_chosen_in_the_dialog(client, company, quote, key, name):
    address = deed(quote, key, "Su")
    assert f">{name} (director)<" in page(client, company.supervisor, address)
    client.post(address, {"employee": company.people["director"].pk, "comment": "Please."})
    assert name in tasks(quote)


def test_hurrying_and_the_picture(client, company, quote):
    client.force_login(company.sales)
    address = reverse("admin:approval_deed", args=["quote", quote.pk, "nudge"])
    assert client.post(address).status_code == 302
    assert open_process(quote).events.filter(kind="nudged").count() == 1
    assert b"<svg" in client.get(reverse("admin:approval_route", args=["quote", quote.pk])).content


def test_several_at_once_with_count_sum_and_exceptions(client, company):
    may_not = {"when": ["amount > 100"]}
    make_chain(company, level(approver(), **may_not), document="quote")
    quotes = [make_quote(company, quantity=quantity) for quantity in (2, 3, 4)]
    for quote in quotes:
        submit_quote(quote, by=company.sales)
    client.force_login(company.supervisor)
    chosen = list(MyTask.objects.filter(owner=company.supervisor, status="ASSIGNED").values_list("pk", flat=True))
    address = reverse("admin:flows_mytask_changelist")
    body = {"action": "approve_selected", "_selected_action": chosen, "index": 0, "_token": "t1"}
    text = client.post(address, body).content.decode()
    assert "Approve 3 documents, 900.00 together" in text
    assert all(list(tasks(quote)) == ["Su"] for quote in quotes), "only asked so far"
    decide(task_of(quotes[0], "Su"), company.supervisor, "reject", "No.")
    response = client.post(address, body | {"confirmed": "1", "comment": "All fine."}, follow=True)
    assert "2 approved." in response.content.decode()
    assert "0 approved." in client.post(address, body | {"confirmed": "1"}, follow=True).content.decode(), "sent twice"
    states = [type(quote).objects.get(pk=quote.pk).approval for quote in quotes]
    assert states == ["rejected", "approved", "approved"]


def test_what_one_document_refuses_does_not_hold_up_the_others(client, company):
    make_chain(company, level(approver()), document="order")
    orders = [make_order(company, quantity=quantity) for quantity in (1, 9, 1)]
    for order in orders:
        submit_order(order, by=company.sales)
    with changes("form"):
        company.customer.credit_limit = 500
        company.customer.save()
    chosen = list(MyTask.objects.filter(owner=company.supervisor, status="ASSIGNED").values_list("pk", flat=True))
    client.force_login(company.supervisor)
    body = {"action": "approve_selected", "_selected_action": chosen, "confirmed": "1"}
    text = client.post(reverse("admin:flows_mytask_changelist"), body, follow=True).content.decode()
    assert "2 approved. 1 not." in text and "the credit limit is 500.00" in text
    assert [type(order).objects.get(pk=order.pk).approval for order in orders] == ["approved", "pending", "approved"]


def test_who_may_not_see_costs_does_not_learn_the_margin(client, company):
    make_chain(company, level(approver(), when=["margin < 40", "amount > 1"]))
    quote = make_quote(company, price=90)
    submit_quote(quote, by=company.sales)
    with changes("form"):
        FieldLimit.objects.create(role=company.roles["salesperson"], record_type="products.product", field="cost", level=0)
        for role in company.roles.values():
            RoleGrant.objects.create(role=role, record_type="products.product", verb="view", scope="all")
    assert "33.33 %" in page(client, company.supervisor, change_page(quote))
    assert "33.33 %" in page(client, company.gm, change_page(quote))
    text = page(client, company.sales, change_page(quote))
    assert "33.33" not in text and "Margin" not in text and "Amount 90.00 &gt; 1.00" in text


def test_the_badge_counts_and_is_not_there_for_nothing(client, company, quote):
    assert '<span class="nav-count">1</span>' in page(client, company.supervisor, reverse("admin:inbox"))
    assert "nav-count" not in page(client, company.sales, reverse("admin:inbox"))


@pytest.fixture
def administrator(company):
    with changes("form"):
        for verb in ("view", "add", "change", "delete"):
            RoleGrant.objects.create(role=company.roles["general_manager"], record_type="flows.approvalchain", verb=verb, scope="all")
    return company.gm


def test_an_administrator_sees_chains_in_words(client, company, quote, administrator):
    text = page(client, administrator, reverse("admin:flows_approvalchain_changelist"))
    assert "1. Level 1: Below the owner&#x27;s discount floor 2. Level 2: always" in text
    chain = ApprovalChain.objects.get(is_active=True)
    page(client, administrator, reverse("admin:flows_approvalchain_change", args=[chain.pk]))
    page(client, administrator, reverse("admin:flows_approvalchain_add"))
    page(client, administrator, reverse("admin:flows_chainlevel_change", args=[chain.levels.first().pk]))


def test_others_see_no_chains(client, company, quote):
    client.force_login(company.sales)
    assert client.get(reverse("admin:flows_approvalchain_changelist")).status_code in (403, 404)


@pytest.mark.req("QUO-03")
def test_a_chain_is_made_on_the_screens(client, company, administrator):
    client.force_login(administrator)
    response = client.post(
        reverse("admin:flows_approvalchain_add"),
        {
            "document": "quote",
            "code": "mine",
            "labels_en": "Mine",
            "priority": 5,
            "match": "all",
            "is_active": "on",
            "fallback_role": company.roles["finance_manager"].pk,
            "conditions-TOTAL_FORMS": 1,
            "conditions-INITIAL_FORMS": 0,
            "conditions-0-fact": "amount",
            "conditions-0-operator": ">",
            "conditions-0-value": "50",
            "levels-TOTAL_FORMS": 1,
            "levels-INITIAL_FORMS": 0,
            "levels-0-position": 1,
            "levels-0-labels_en": "First",
            "levels-0-mode": "any",
            "levels-0-match": "any",
            "levels-0-reminder_hours": 8,
            "levels-0-escalation_hours": 16,
            "levels-0-on_timeout": "tell",
        },
    )
    assert response.status_code == 302, [
        *response.context["errors"],
        *(one.formset.errors for one in response.context["inline_admin_formsets"]),
        response.context["adminform"].form.errors,
    ]
    stored = ChainLevel.objects.get(chain__code="mine")
    assert ChainCondition.objects.get(chain__code="mine").level is None
    response = client.post(
        reverse("admin:flows_chainlevel_change", args=[stored.pk]),
        {
            "chain": stored.chain_id,
            "position": 1,
            "labels_en": "First",
            "mode": "any",
            "match": "any",
            "reminder_hours": 8,
            "escalation_hours": 16,
            "on_timeout": "tell",
            "approvers-TOTAL_FORMS": 1,
            "approvers-INITIAL_FORMS": 0,
            "approvers-0-position": 1,
            "approvers-0-kind": "superior",
            "approvers-0-steps": 1,
            "conditions-TOTAL_FORMS": 1,
            "conditions-INITIAL_FORMS": 0,
            "conditions-0-fact": "below_floor",
            "conditions-0-operator": "is",
            "conditions-0-value": "yes",
        },
    )
    assert response.status_code == 302, [
        *response.context["errors"],
        *(one.formset.errors for one in response.context["inline_admin_formsets"]),
        response.context["adminform"].form.errors,
    ]
    assert ChainApprover.objects.get(level=stored).kind == "superior"
    assert ChainCondition.objects.get(level=stored).chain_id == stored.chain_id
    quote = make_quote(company, price=84)
    submit_quote(quote, by=company.sales)
    assert list(tasks(quote)) == ["Su"]

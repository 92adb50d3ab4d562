"""A customer's credit is used for what he owes, and released again: figures a clerk could check with paper and pencil.

QH0001 is a bolt at 1.20. KH0002 paid 36.00 for 30 bolts and sent 10 back: 12.00 stand for him. Since then he bought 5 bolts (6.00,
due soon) and 20 bolts (24.00, due later).
"""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from fixtures import drafts
from models.audit.changes import changes
from models.base.documents import business_today
from models.base.operations import Refusal
from models.finance.allocating import allocate_credit, release_credit
from models.finance.models import Allocation, Credit, CustomerBalance, CustomerEntry, Receivable
from models.finance.operations import void_receipt
from models.sales.models import Return
from tests import people as desk

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal


class Shop:
    """The customer of the story with what he has and owes."""

    def __init__(self, people):
        self.buyer = desk.customer()
        self.accountant, self.finance_manager = people.accountant, people.finance_manager
        self.debtor = self.buyer.debtor
        delivery = self.sell(30)
        desk.receive(self.debtor, D("36.00"), list(Receivable.objects.filter(customer=self.debtor)))
        self.sent_back = desk.take_back(delivery, {1: 10})
        self.credit = Credit.objects.get(customer=self.debtor, open__gt=0)
        self.later = self.debt(20, days=60)
        self.soon = self.debt(5, days=30)

    def sell(self, bolts):
        return desk.deliver(desk.make_order(self.buyer, [drafts.Item(desk.product(), D(bolts), price=D("1.20"))]))

    def debt(self, bolts, days):
        self.sell(bolts)
        receivable = Receivable.objects.latest("pk")
        with changes("form"):
            receivable.due_on = business_today() + timedelta(days=days)
            receivable.save(update_fields=["due_on"])
        return receivable

    @property
    def owed(self):
        return CustomerBalance.objects.get(customer=self.debtor).balance

    @property
    def outstanding(self):
        """(due soon, due later)."""
        for row in (self.soon, self.later):
            row.refresh_from_db()
        return self.soon.outstanding, self.later.outstanding

    @property
    def of_credit(self):
        """(amount, allocated, refunded, open)."""
        self.credit.refresh_from_db()
        return self.credit.amount, self.credit.used, self.credit.refunded, self.credit.open

    def figures(self):
        """Everything that a refused deed must leave alone."""
        return self.outstanding, self.of_credit, self.owed, Allocation.objects.count(), CustomerEntry.objects.count()


@pytest.fixture
def shop(people):
    return Shop(people)


def refused(code, operation, *arguments, **named):
    with pytest.raises(Refusal) as refusal:
        operation(*arguments, **named)
    assert refusal.value.code == code
    return str(refusal.value)


def test_before(shop):
    """36.00 − 36.00 − 12.00 + 24.00 + 6.00 = 18.00."""
    assert shop.figures()[:3] == ((D("6.00"), D("24.00")), (D("12.00"), 0, 0, D("12.00")), D("18.00"))


@pytest.mark.req("FIN-16")
def test_due_first(shop):
    """12.00 pay the 6.00 that are due soon and 6.00 of the 24.00 due later; what is owed in all stays 18.00."""
    before = Allocation.objects.count()
    allocate_credit(shop.credit, by=shop.accountant)
    assert shop.credit.open == 0  # the object in hand says so too
    assert shop.outstanding == (0, D("18.00"))
    assert shop.of_credit == (D("12.00"), D("12.00"), 0, 0)
    assert shop.owed == D("18.00")
    rows = list(Allocation.objects.order_by("pk"))[before:]
    assert [(row.receivable_id, row.amount, row.base_amount) for row in rows] == [
        (shop.soon.pk, D("6.00"), D("6.00")),
        (shop.later.pk, D("6.00"), D("6.00")),
    ]
    for row in rows:  # the ledger names the return that the money goes back to
        assert (row.source_type.model_class(), row.source_id, row.source_number) == (Return, shop.sent_back.pk, shop.sent_back.number)
        assert (row.customer, row.date, row.changeset is None) == (shop.debtor, business_today(), False)

    said = refused("wrong_state", allocate_credit, shop.credit, by=shop.accountant)
    assert said.startswith("Nothing of this credit is left to allocate.")
    assert Allocation.objects.count() == before + 2


@pytest.mark.req("FIN-16")
def test_amounts_that_the_person_picks(shop):
    """5.00 for the later one, 1.50 for the sooner; 5.50 stay open and are paid back."""
    allocate_credit(shop.credit, by=shop.accountant, amounts={shop.later.pk: D("5.00"), shop.soon.pk: D("1.50")})
    assert shop.outstanding == (D("4.50"), D("19.00"))
    assert shop.of_credit == (D("12.00"), D("6.50"), 0, D("5.50"))
    desk.pay_back(shop.debtor, D("5.50"))
    assert shop.of_credit == (D("12.00"), D("6.50"), D("5.50"), 0)
    assert shop.owed == D("23.50")  # 18.00 + 5.50


@pytest.mark.req("FIN-16")
def test_refusals_change_nothing(shop, people):
    """More than is open, more than is outstanding, another customer's, another company's, a settled one, nothing, no whole cents."""
    before = shop.figures()
    by, credit = shop.accountant, shop.credit

    def refused_with(code, receivable, amount):
        return refused(code, allocate_credit, credit, by=by, amounts={receivable.pk: D(amount)})

    assert refused_with("over_allocation", shop.later, "12.01").startswith("Only 12.00 is left to allocate, 12.01 was asked for ")
    assert "6.00 is outstanding, 6.01 was to be allocated." in refused_with("over_allocation", shop.soon, "6.01")
    both = {shop.soon.pk: D("6.00"), shop.later.pk: D("6.01")}  # each fits, together they do not
    assert "Only 6.00 is left" in refused("over_allocation", allocate_credit, credit, by=by, amounts=both)
    assert refused_with("amount", shop.soon, "-1") == "An allocation must be more than 0."
    assert refused_with("decimals", shop.soon, "1.005") == "1.005: CNY has 2 decimals."
    assert refused("nothing", allocate_credit, credit, by=by, amounts={}) == "Enter an amount for at least one receivable."
    assert refused("gone", allocate_credit, credit, by=by, amounts={0: D(1)}) == "One of these receivables is no longer there."

    settled = Receivable.objects.filter(customer=shop.debtor, outstanding=0).get()
    assert refused_with("settled", settled, "1").endswith("is settled already: nothing is outstanding.")
    stranger = desk.customer("KH0005")
    desk.deliver(desk.make_order(stranger, [(desk.product(), 10)]))
    theirs = Receivable.objects.get(customer=stranger.debtor)
    assert refused_with("customer", theirs, "1").endswith("is owed by another customer.")
    assert theirs.outstanding == Receivable.objects.get(pk=theirs.pk).outstanding
    assert shop.figures()[:3] == before[:3]
    assert shop.figures()[3] == before[3]


@pytest.mark.req("FIN-16")
def test_only_who_may(shop, people):
    """The cashier sees credits and allocates none; the accountant allocates and does not release."""
    before = shop.figures()
    for person in (people.cashier, people.salesperson, desk.seller_of(shop.buyer)):
        refused("no_right", allocate_credit, shop.credit, by=person)
    assert shop.figures() == before
    allocate_credit(shop.credit, by=shop.accountant)
    done = shop.figures()
    refused("no_right", release_credit, shop.credit, by=shop.accountant, reason="mine")
    refused("no_right", release_credit, shop.credit, by=people.cashier, reason="mine")
    assert shop.figures() == done


@pytest.mark.req("FIN-16")
def test_released_the_books_are_as_before(shop):
    """The rows of the ledger stay and cancel out."""
    before = shop.figures()
    allocate_credit(shop.credit, by=shop.accountant)
    release_credit(shop.credit, by=shop.finance_manager, reason="wrong month")
    assert shop.figures()[:3] == before[:3]
    rows = Allocation.objects.filter(credit=shop.credit)
    assert sorted(row.amount for row in rows) == [D("-6.00"), D("-6.00"), D("6.00"), D("6.00")]
    said = refused("wrong_state", release_credit, shop.credit, by=shop.finance_manager, reason="again")
    assert said.startswith("Nothing of this credit is allocated.")

    allocate_credit(shop.credit, by=shop.accountant)  # what is released can be used again
    assert shop.outstanding == (0, D("18.00"))


@pytest.mark.req("FIN-16")
def test_released_in_part(shop):
    """Of 12.00 the 6.00 on the later debt are taken back, 2.00 first, then the rest; more is refused."""
    allocate_credit(shop.credit, by=shop.accountant)
    by = shop.finance_manager
    release_credit(shop.credit, by=by, amounts={shop.later.pk: D("2.00")}, reason="split")
    assert (shop.outstanding, shop.of_credit) == ((0, D("20.00")), (D("12.00"), D("10.00"), 0, D("2.00")))
    before = shop.figures()
    said = refused("over_release", release_credit, shop.credit, by=by, amounts={shop.later.pk: D("4.01")}, reason="much")
    assert said.endswith("4.00 is allocated from here, 4.01 was to be released.")
    refused("amount", release_credit, shop.credit, by=by, amounts={shop.later.pk: D("-1")}, reason="less")
    refused("nothing", release_credit, shop.credit, by=by, amounts={}, reason="none")
    paid = Receivable.objects.filter(customer=shop.debtor, outstanding=0).exclude(pk=shop.soon.pk).get()
    assert "0.00 is allocated from here" in refused(
        "over_release", release_credit, shop.credit, by=by, amounts={paid.pk: D(1)}, reason="theirs"
    )
    assert shop.figures() == before
    release_credit(shop.credit, by=by, amounts={shop.later.pk: D("4.00")}, reason="rest")
    assert (shop.outstanding, shop.of_credit) == ((0, D("24.00")), (D("12.00"), D("6.00"), 0, D("6.00")))


@pytest.mark.req("FIN-16")
def test_an_advance_is_a_credit_too(shop):
    """20.00 come in without a debt named: 15.00 of them go to the later one; the voided receipt takes them back."""
    receipt = desk.receive(shop.debtor, D("20.00"))
    advance = Credit.objects.latest("pk")
    allocate_credit(advance, by=shop.accountant, amounts={shop.later.pk: D("15.00")})
    assert (advance.used, advance.open, shop.outstanding) == (D("15.00"), D("5.00"), (D("6.00"), D("9.00")))
    void_receipt(receipt, by=shop.finance_manager, reason="bounced")
    assert (shop.outstanding, shop.owed) == ((D("6.00"), D("24.00")), D("18.00"))


@pytest.mark.req("FIN-16")
def test_a_customer_who_owes_nothing(shop):
    desk.receive(shop.debtor, D("30.00"), [shop.soon, shop.later])
    said = refused("wrong_state", allocate_credit, shop.credit, by=shop.accountant)
    assert said.startswith("The customer owes nothing that this credit could be used for.")


@pytest.mark.damages_books
def test_a_credit_used_for_a_stranger_is_found(shop):
    from models.base.verification import verify

    allocate_credit(shop.credit, by=shop.accountant)
    assert verify() == []
    with changes("command", reason="stray"):
        Receivable.objects.filter(pk=shop.soon.pk).update(customer=desk.customer("KH0005"))
    found = verify(["allocations_fit"])
    assert [one.document for one in found] == [shop.sent_back.number]


class TestScreen:
    """The button on the credit, its dialog, and what comes of it."""

    def link(self, shop, codename):
        return reverse("admin:finance_credit_do", args=[shop.credit.pk, codename])

    def page(self, client, shop):
        return client.get(reverse("admin:finance_credit_change", args=[shop.credit.pk])).content.decode()

    def token(self, html):
        return re.search(r'name="(\w+)" value="([^"]+)">\s*<h2', html).groups()

    def test_the_button_stands_there_while_there_is_something_to_allocate(self, shop, client):
        client.force_login(shop.accountant)
        page = self.page(client, shop)
        assert self.link(shop, "allocate_credit") in page and self.link(shop, "release_credit") not in page
        allocate_credit(shop.credit, by=shop.accountant)
        page = self.page(client, shop)
        assert self.link(shop, "allocate_credit") not in page and self.link(shop, "release_credit") not in page
        assert str(shop.soon) in page  # beside it stands what it was used for
        client.force_login(shop.finance_manager)
        assert self.link(shop, "release_credit") in self.page(client, shop)

    def test_nobody_else_sees_it(self, shop, people, client):
        client.force_login(people.cashier)
        assert self.link(shop, "allocate_credit") not in self.page(client, shop)
        before = shop.figures()
        answer = client.post(self.link(shop, "allocate_credit"), {"picks": "1", f"amount-{shop.soon.pk}": "1"})
        assert answer.status_code in (200, 403, 404) and shop.figures() == before

    @pytest.mark.req("FIN-16")
    def test_the_dialog_proposes_what_is_due_first(self, shop, client):
        client.force_login(shop.accountant)
        html = client.get(self.link(shop, "allocate_credit")).content.decode()
        proposed = re.findall(r'name="amount-(\d+)" value="([^"]*)"', html)
        assert proposed == [(str(shop.soon.pk), "6.00"), (str(shop.later.pk), "6.00")]
        name, token = self.token(html)
        typed = {name: token, "picks": "1", f"amount-{shop.soon.pk}": "", f"amount-{shop.later.pk}": "7.25"}
        assert client.post(self.link(shop, "allocate_credit"), typed).status_code == 302
        assert (shop.outstanding, shop.of_credit[3]) == ((D("6.00"), D("16.75")), D("4.75"))
        client.post(self.link(shop, "allocate_credit"), typed)  # the same form twice does it once
        assert shop.of_credit[3] == D("4.75")

    def test_a_refusal_keeps_what_was_typed(self, shop, client):
        client.force_login(shop.accountant)
        before = shop.figures()
        name, token = self.token(client.get(self.link(shop, "allocate_credit")).content.decode())
        for text, words in (("99", "was to be allocated"), ("much", "Enter a number"), ("", "Enter an amount for at least one receivable")):
            typed = {name: token, "picks": "1", f"amount-{shop.soon.pk}": text}
            html = client.post(self.link(shop, "allocate_credit"), typed).content.decode()
            assert words in html and f'value="{text}"' in html
        settled = Receivable.objects.filter(customer=shop.debtor, outstanding=0).get()
        html = client.post(
            self.link(shop, "allocate_credit"), {name: token, "picks": "1", f"amount-{settled.pk}": "1", f"amount-{shop.soon.pk}": "1"}
        ).content.decode()
        assert "What can be chosen has changed meanwhile" in html
        assert shop.figures() == before

    def test_release_asks_why(self, shop, client):
        allocate_credit(shop.credit, by=shop.accountant)
        client.force_login(shop.finance_manager)
        html = client.get(self.link(shop, "release_credit")).content.decode()
        assert re.findall(r'name="amount-(\d+)" value="([^"]*)"', html) == [(str(shop.soon.pk), "6.00"), (str(shop.later.pk), "6.00")]
        name, token = self.token(html)
        typed = {name: token, "picks": "1", f"amount-{shop.soon.pk}": "6", f"amount-{shop.later.pk}": ""}
        assert "others will read it" in client.post(self.link(shop, "release_credit"), typed).content.decode()
        assert shop.outstanding == (0, D("18.00"))
        assert client.post(self.link(shop, "release_credit"), typed | {"reason": "wrong debt"}).status_code == 302
        assert shop.outstanding == (D("6.00"), D("18.00"))

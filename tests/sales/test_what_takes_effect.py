"""Papers move nothing before they are approved: what stands before and after, step by step. Bolts are at 1.20, ten of them 12.00."""

from decimal import Decimal

import pytest

from fixtures import drafts
from models.audit.changes import changes
from models.base.documents import Approval
from models.base.operations import Refusal
from models.finance.models import CashEntry, CustomerBalance, Receivable
from models.finance.operations import void_receipt
from models.sales.models import Delivery, Opportunity, Order, Quote, Stage
from models.sales.operations.deliveries import return_delivery
from models.sales.operations.orders import deliver_order, void_order
from models.sales.operations.quotes import order_quote, submit_quote
from models.sales.operations.returns import receive_return, submit_return
from models.stock.models import Balance, Warehouse
from tests import people as desk
from tests.house.test_screen_rights import link
from tests.house.test_screen_writing import quote_form

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal


def bolts(quantity):
    return [drafts.Item(desk.product(), D(quantity), price=D("1.20"))]


def refused(deed, *arguments, **named):
    with pytest.raises(Refusal) as refusal:
        deed(*arguments, **named)
    return refusal.value.code


def fresh(document):
    return type(document).objects.get(pk=document.pk)


def owed(customer):
    return sum(CustomerBalance.objects.filter(customer=customer.debtor).values_list("balance", flat=True))


def there(place):
    return Balance.objects.filter(product=desk.product(), warehouse=place).values_list("on_hand", "reserved", "value").first() or (0, 0, 0)


@pytest.mark.req("QUO-04", "ORD-02")
def test_only_an_approved_quote_becomes_an_order_and_once(people, client):
    """Customer, lines, price and terms are the quote's, the link is kept; a second order is possible once the first is gone."""
    boss = desk.named("zong")
    quote = desk.make_quote(desk.customer(), [(desk.product("QH0079"), 400)], delivery_terms="送货上门")
    client.force_login(boss)
    address = link(Quote, "do", quote.pk, "order_quote")
    assert quote.approval == Approval.PENDING and client.post(address).status_code == 200 and not Order.objects.exists()
    desk.approve(quote)
    assert client.post(address).status_code == 302
    order = Order.objects.get()
    same = ("customer", "contact", "payment_term", "delivery_terms", "currency", "prices_include_tax", "discount", "gross")
    assert [getattr(order, name) for name in same] == [getattr(quote, name) for name in same]
    cells = ("product", "unit", "quantity", "price", "discount", "tax_rate", "gross")
    assert list(order.lines.values_list(*cells)) == list(quote.lines.values_list(*cells))
    assert order.quote == quote and quote.number in client.get(link(Order, "change", order.pk)).content.decode()
    assert client.post(address).status_code == 200 and Order.objects.count() == 1
    client.post(link(Order, "delete", order.pk), {"post": "yes"})
    assert client.post(address).status_code == 302 and Order.objects.get().pk != order.pk


@pytest.mark.req("ORD-02")
def test_an_order_is_entered_directly(people, client):
    """Ten bolts at 1.20 × 80 %, the price of the customer's level: 9.60."""
    desk.login(client, "yewu1")
    answer = client.post(link(Order, "add"), quote_form(desk.customer_of(desk.named("yewu1"))))
    order = Order.objects.get()
    assert answer["Location"] == link(Order, "change", order.pk)
    assert (order.quote, order.lines.get().quantity, order.gross) == (None, 10, D("9.60"))


@pytest.mark.req("ORD-03")
def test_an_order_takes_effect_when_it_is_approved(people):
    """Before: nothing promised, no delivery, no debt. After: ten are promised; delivered or paid for, it cannot be void."""
    order = fresh(desk.make_order(items=bolts(10), approved=False))
    before = there(order.warehouse)
    assert (order.approval, before[:2], owed(order.customer)) == (Approval.PENDING, (100_000, 0), 0)
    assert refused(deliver_order, order, by=desk.named("zong"))
    assert not Delivery.objects.exists() and not Receivable.objects.exists()
    desk.approve(order)
    assert there(order.warehouse)[1] == 10
    desk.deliver(fresh(order), {1: 4})
    assert (owed(order.customer), there(order.warehouse)[:2]) == (D("4.80"), (99_996, 6))
    assert refused(void_order, fresh(order), by=desk.named("zong"), reason="late") == "delivered"


@pytest.mark.req("FIN-06", "FIN-01")
def test_a_receipt_counts_when_it_is_approved(people):
    """12.00 are owed. 5.00 come in: nothing changes until the accountant agrees, then 7.00 are left; void, 12.00 again."""
    order = desk.make_order(items=bolts(10))
    desk.deliver(order)
    debt = Receivable.objects.get()

    def books():
        cash = sum(CashEntry.objects.values_list("amount", flat=True))
        return cash, owed(order.customer), fresh(debt).received, fresh(debt).outstanding

    receipt = desk.receive(order.debtor, D("5.00"), [(debt, D("5.00"))], approved=False)
    assert receipt.approval == Approval.PENDING
    assert books() == (0, D("12.00"), 0, D("12.00"))
    desk.approve(receipt)
    assert books() == (D("5.00"), D("7.00"), D("5.00"), D("7.00"))
    void_receipt(fresh(receipt), by=desk.named("quyu"), reason="bounced")
    assert books() == (0, D("12.00"), 0, D("12.00"))


@pytest.mark.req("SHP-04", "SHP-06")
def test_a_return_moves_goods_and_money_after_its_approval(people, client):
    """4 of 10 bolts come back, damaged: nothing moves until it is approved and taken in, then 4 lie with the defective goods."""
    delivery = desk.deliver(desk.make_order(items=bolts(10)))
    place, defective = delivery.warehouse, Warehouse.objects.get(code="CK04")
    left = there(place)
    document = return_delivery(delivery, by=desk.named("zong"), quantities={delivery.lines.get().pk: D(4)})
    with changes("form"):
        document.warehouse = defective
        document.save(update_fields=["warehouse"])
    submit_return(document, by=desk.named("zong"))
    assert document.approval == Approval.PENDING
    assert refused(receive_return, document, by=desk.named("zhuguan"))
    desk.approve(document)
    assert (owed(delivery.customer), there(place), there(defective)) == (D("12.00"), left, (0, 0, 0))
    client.force_login(desk.named("zhuguan"))
    assert client.post(link(type(document), "do", document.pk, "receive_return")).status_code == 302
    assert (owed(delivery.customer), there(place)) == (D("7.20"), left)
    assert there(defective) == (4, 0, D("2.87"))  # 4 × 0.7176 = 2.8704
    assert fresh(delivery).lines.get().returned == delivery.lines.get().order_line.returned == 4


@pytest.mark.req("SHP-01")
def test_a_slip_says_what_goes_where_and_how(people, client):
    """6 of 10 bolts and the freight of 50.00 go out by 顺丰; 4 bolts stay, 5 are refused."""
    rows = [*bolts(10), drafts.Item(desk.product("QH0081"), D(1), price=D("50.00"))]
    order = desk.make_order(items=rows, delivery_address="宁波市 北仑港 8 号 王仓管 139-0000-0001")
    delivery = desk.deliver(order, {1: 6, 2: 1}, dispatch=False)
    desk.login(client, "cangguan")
    form = {name: getattr(delivery, name) or "" for name in ("warehouse_id", "owner_id", "department_id", "region_id", "company_id")}
    form = {name.removesuffix("_id"): value for name, value in form.items()}
    form |= {"date": delivery.date.isoformat(), "address": delivery.address, "carrier": "顺丰", "waybill": "SF1390000001"}
    form |= {"lines-TOTAL_FORMS": 2, "lines-INITIAL_FORMS": 2}
    for number, line in enumerate(delivery.lines.order_by("position")):
        form |= {f"lines-{number}-id": line.pk, f"lines-{number}-position": line.position, f"lines-{number}-quantity": line.quantity}
    assert client.post(link(Delivery, "change", delivery.pk), form).status_code == 302
    assert client.post(link(Delivery, "do", delivery.pk, "dispatch_delivery")).status_code == 302
    sent = fresh(delivery)
    assert (sent.carrier, sent.waybill, sent.address) == ("顺丰", "SF1390000001", "宁波市 北仑港 8 号 王仓管 139-0000-0001")
    assert (sent.gross, sent.dispatched_on, sent.warehouse) == (D("57.20"), delivery.date, order.warehouse)
    assert list(sent.lines.order_by("position").values_list("order_line__position", "quantity")) == [(1, 6), (2, 1)]
    assert refused(desk.deliver, fresh(order), {1: 5}) == "over_quantity"
    assert desk.deliver(fresh(order)).gross == D("4.80")


@pytest.mark.req("QUO-02")
def test_versions_of_one_offer(people, client):
    """Three versions are numbered 1, 2 and 3 under one opportunity, and only one of them becomes an order."""
    boss, buyer = desk.named("zong"), desk.customer()
    with changes("form"):
        deal = Opportunity(name="Bolts", customer=buyer, stage=Stage.objects.order_by("position").first(), company=buyer.company)
        deal.save()
    client.force_login(boss)
    quotes = [desk.approve(desk.make_quote(buyer, bolts(10), opportunity=deal))]
    for _time in range(2):
        assert client.post(link(Quote, "do", quotes[0].pk, "revise_quote")).status_code == 302
        quotes.append(Quote.objects.latest("pk"))
    assert [(one.version, one.opportunity, one.gross) for one in quotes] == [(number, deal, D("12.00")) for number in (1, 2, 3)]
    second = desk.approve(submit_quote(quotes[1], by=boss))
    order_quote(second, by=boss)
    assert fresh(second).progress == Quote.Progress.CONVERTED
    assert refused(order_quote, fresh(quotes[0]), by=boss)
    assert Order.objects.count() == 1

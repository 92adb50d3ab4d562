"""Scene: few customers, few goods, everything at once. Orders are taken, delivered, reversed, closed and voided, money comes and goes,
goods come back; each writer picks his next deed by chance from what he finds, so that all meet on the same rows in every order.
"""

import random
from collections import Counter
from decimal import Decimal

from fixtures import drafts
from models.base.documents import Approval
from models.finance.allocating import allocate_credit, release_credit
from models.finance.models import Credit, Receipt, Receivable, Refund
from models.finance.operations import allocate_receipt, submit_receipt, submit_refund, void_receipt, void_refund
from models.sales.models import Delivery, Order, Return
from models.sales.operations.deliveries import dispatch_delivery, return_delivery, reverse_delivery
from models.sales.operations.orders import (
    close_order,
    deliver_order,
    deliverable_together,
    reserve_order,
    submit_order,
    unverify_order,
    void_order,
)
from models.sales.operations.returns import receive_return, submit_return
from models.stock.models import Balance
from tests import people
from tests.concurrency import books, shop

BUYERS, GOODS = 3, 5


def prepare(deeds=20, on_hand=300):
    shop.open_shop()
    codes = shop.goods(GOODS)
    shop.arrive([(code, on_hand) for code in codes])
    return {"codes": codes, "deeds": deeds, "buyers": shop.buyers()[:BUYERS]}


def work(number, facts, together):
    """[[deed, *what came of it]]; "nothing" where there was nothing to do it to."""
    chance = random.Random(number)
    did = []
    for _ in range(facts["deeds"]):
        deed = chance.choices(list(DEEDS), [often for _deed, often in DEEDS.values()])[0]
        did.append([deed, *(shop.tried(DEEDS[deed][0], chance, facts))])
    return did


def figures(facts):
    return {"problems": books.problems(), "on_hand": [int(n) for n in Balance.objects.values_list("on_hand", flat=True)]}


def count(outcome):
    """{deed: how often it was done}."""
    return Counter(deed for deed, result, *_rest in outcome.flat if result == "done")


def _buyer(chance, facts):
    return people.customer(chance.choice(facts["buyers"]))


def _any(chance, rows):
    """A row by chance, preferring the latest: there everybody works."""
    return chance.choice(list(rows.order_by("-pk")[:12]) or [None])


def take_order(chance, facts):
    codes = chance.sample(facts["codes"], chance.randint(2, len(facts["codes"])))
    buyer = _buyer(chance, facts)
    seller = people.seller_of(buyer)
    items = [drafts.Item(people.product(code), Decimal(chance.randint(1, 6))) for code in codes]
    order = drafts.draft_order(buyer, items, by=seller, warehouse=shop.warehouse())
    return submit_order(order, by=seller)


def deliver(chance, facts):
    order = _any(chance, Order.objects.filter(approval=Approval.APPROVED, progress__in=("not_delivered", "partly_delivered")))
    if order:
        rows = [(line.pk, line.open_quantity) for line in order.lines.all() if line.open_quantity > 0]
        some = {key: Decimal(chance.randint(1, int(left))) for key, left in chance.sample(rows, chance.randint(1, len(rows)))}
        return dispatch_delivery(deliver_order(order, by=_boss(), quantities=some), by=people.named("zhuguan"))


def gather(chance, facts):
    """One slip for several orders, named in any order."""
    order = _any(chance, Order.objects.filter(approval=Approval.APPROVED, progress="not_delivered"))
    if order:
        others = list(deliverable_together(order).order_by("-pk")[:3])
        chance.shuffle(others)
        return dispatch_delivery(deliver_order(order, by=_boss(), others=others), by=people.named("zhuguan"))


def reverse(chance, facts):
    delivery = _any(chance, Delivery.objects.filter(progress=Delivery.Progress.DISPATCHED))
    return delivery and reverse_delivery(delivery, by=people.named("zhuguan"), reason="wrong goods")


def send_back(chance, facts):
    delivery = _any(chance, Delivery.objects.filter(progress=Delivery.Progress.DISPATCHED))
    if delivery:
        line = delivery.lines.first()
        document = return_delivery(delivery, by=_boss(), quantities={line.pk: Decimal(1)})
        return submit_return(document, by=_boss())


def take_in(chance, facts):
    document = _any(chance, Return.objects.filter(approval=Approval.APPROVED, progress=Return.Progress.AWAITED))
    return document and receive_return(document, by=people.named("zhuguan"))


def on_order(operation, *states):
    def deed(chance, facts):
        order = _any(chance, Order.objects.filter(approval=Approval.APPROVED, progress__in=states or ("not_delivered", "partly_delivered")))
        return order and operation(order, by=_boss())

    return deed


def receive(chance, facts):
    """Money for the latest receivables of a buyer, in any order."""
    buyer = _buyer(chance, facts)
    rows = list(Receivable.objects.filter(customer=buyer.debtor, outstanding__gt=0).order_by("-pk")[:4])
    chance.shuffle(rows)
    parts = [(row, row.outstanding) for row in rows]
    amount = sum((part for _row, part in parts), Decimal(5))
    receipt = drafts.draft_receipt(buyer.debtor, amount, by=people.named("chuna"), receivables=parts)
    return submit_receipt(receipt, by=people.named("chuna"))


def allocate(chance, facts):
    receipt = _any(chance, Receipt.objects.filter(approval=Approval.APPROVED))
    return receipt and allocate_receipt(receipt, by=people.named("kuaiji"))


def use_credit(chance, facts):
    credit = _any(chance, Credit.objects.filter(open__gt=0))
    return credit and allocate_credit(credit, by=people.named("kuaiji"))


def release(chance, facts):
    credit = _any(chance, Credit.objects.filter(used__gt=0))
    return credit and release_credit(credit, by=_boss(), reason="wrong debt")


def take_back_receipt(chance, facts):
    receipt = _any(chance, Receipt.objects.filter(approval=Approval.APPROVED))
    return receipt and void_receipt(receipt, by=_boss(), reason="bounced")


def refund(chance, facts):
    paid = drafts.draft_refund(_buyer(chance, facts).debtor, Decimal(3), by=people.named("chuna"))
    return submit_refund(paid, by=people.named("chuna"))


def take_back_refund(chance, facts):
    paid = _any(chance, Refund.objects.filter(approval=Approval.APPROVED))
    return paid and void_refund(paid, by=_boss(), reason="bounced")


def _boss():
    return people.named("zong")


# name: (deed, how often in relation to the others)
DEEDS = {
    "order": (take_order, 12),
    "deliver": (deliver, 14),
    "gather": (gather, 4),
    "reverse": (reverse, 4),
    "send back": (send_back, 5),
    "take in": (take_in, 5),
    "reserve": (on_order(reserve_order), 2),
    "close": (on_order(close_order), 3),
    "void": (on_order(void_order), 2),
    "unverify": (on_order(unverify_order), 2),
    "receive": (receive, 8),
    "allocate": (allocate, 3),
    "use credit": (use_credit, 3),
    "release credit": (release, 2),
    "void receipt": (take_back_receipt, 3),
    "refund": (refund, 3),
    "void refund": (take_back_refund, 2),
}

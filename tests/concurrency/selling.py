"""Scene: everybody sells the same goods. Order, delivery and dispatch of one try after the other, all through the operations.

`arrives` "before": the goods lie there, so the race begins with the reservation. "between": every order is approved and every delivery
prepared while the warehouse is empty; then the goods come, and all dispatch at once.
"""

import random
from decimal import Decimal

from django.db.models import Sum

from fixtures import drafts
from models.sales.models import Delivery
from models.sales.operations.deliveries import dispatch_delivery
from models.sales.operations.orders import deliver_order, submit_order
from models.stock.models import Balance, Movement
from tests import people
from tests.concurrency import books, shop


def prepare(products=1, on_hand=60, tries=2, arrives="before", buyers=1000):
    shop.open_shop()
    codes = shop.goods(products)
    stock = [(code, on_hand) for code in codes]
    if arrives == "before":
        shop.arrive(stock)
    return {"codes": codes, "stock": stock, "tries": tries, "arrives": arrives, "buyers": shop.buyers()[:buyers]}


def work(number, facts, together):
    chance = random.Random(number)
    buyer = people.customer(facts["buyers"][number % len(facts["buyers"])])
    keeper = people.named("zhuguan")
    if facts["arrives"] == "before":
        return [shop.tried(_sell, buyer, _basket(facts, chance), keeper) for _ in range(facts["tries"])]
    ready = [_prepare_delivery(buyer, _basket(facts, chance)) for _ in range(facts["tries"])]
    together()
    if number == 0:
        shop.arrive(facts["stock"])
    together()
    return [shop.tried(dispatch_delivery, delivery, by=keeper) for delivery in ready]


def figures(facts):
    sold = Movement.objects.filter(kind=Movement.Kind.SALE, quantity__lt=0)
    left = Balance.objects.filter(warehouse=shop.warehouse())
    return {
        "sold": int(-(sold.aggregate(sum=Sum("quantity"))["sum"] or 0)),
        "left": {code: int(quantity) for code, quantity in left.values_list("product__code", "on_hand")},
        "dispatched": Delivery.objects.filter(progress=Delivery.Progress.DISPATCHED).count(),
        "problems": books.problems(),
    }


def _basket(facts, chance):
    """One of the single product, or some of several in any order."""
    codes = facts["codes"]
    if len(codes) == 1:
        return [(codes[0], 1)]
    return [(code, chance.randint(1, 4)) for code in chance.sample(codes, chance.randint(2, min(8, len(codes))))]


def _prepare_delivery(buyer, basket):
    seller = people.seller_of(buyer)
    items = [drafts.Item(people.product(code), Decimal(quantity)) for code, quantity in basket]
    order = drafts.draft_order(buyer, items, by=seller, warehouse=shop.warehouse())
    submit_order(order, by=seller)
    return deliver_order(order, by=seller)


def _sell(buyer, basket, keeper):
    return dispatch_delivery(_prepare_delivery(buyer, basket), by=keeper)

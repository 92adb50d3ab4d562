"""Scene: everybody has a delivery of the same product open in the browser, and all press Dispatch; the goods do not suffice for all."""

from models.stock.models import Balance
from tests import people
from tests.concurrency import books, browser, shop

CODE = "QH0001"


def prepare(address, deliveries, on_hand):
    shop.open_shop()
    session = browser.logged_in(people.named("zong"))
    desk = browser.Browser(address, session)
    forms = []
    for number in range(deliveries):
        buyers = shop.buyers()
        buyer = people.customer(buyers[number % len(buyers)])
        order = people.make_order(buyer, [(people.product(CODE), 1)], stocked=False, warehouse=shop.warehouse())
        path = f"/sales/delivery/{people.deliver(order, dispatch=False).pk}/do/dispatch_delivery/"
        forms.append([path, desk.fields(path)])
    shop.arrive([(CODE, on_hand)])
    return {"address": address, "session": session, "forms": forms}


def work(number, facts, together):
    """[status, where it leads, whether the shortage is said]"""
    answer = browser.Browser(facts["address"], facts["session"]).insist(*facts["forms"][number])
    return [*browser.told(answer), "Not enough stock" in answer.text]


def figures(facts):
    balance = Balance.objects.get(product__code=CODE, warehouse=shop.warehouse())
    return {"on_hand": int(balance.on_hand), "problems": books.problems()}

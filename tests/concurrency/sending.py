"""Scene: one form, sent by many at the same moment; and one whose server dies at the worst moment, so that it is sent again."""

from models.sales.models import Delivery, Quote, QuoteLine
from models.stock.models import Movement
from tests import people
from tests.concurrency import books, browser, shop

NEW_QUOTE, CREATE_DELIVERY, DISPATCH = KINDS = ("new quote", "create delivery", "dispatch")
# What one form of each kind makes: quotes, their lines, deliveries, movements of goods.
MAKES = {NEW_QUOTE: (1, 2, 0, 0), CREATE_DELIVERY: (0, 0, 1, 0), DISPATCH: (0, 0, 0, 1)}


def prepare(address, rounds):
    """`rounds`: [(what is sent, how many send it, the moment the server dies or "")]. Each has a form of its own, open at all of them."""
    shop.open_shop(on_hand=[("QH0001", 1000), ("QH0002", 1000)])
    session = browser.logged_in(people.named("zong"))
    desk = browser.Browser(address, session)
    forms = [[FORMS[what](desk), senders, moment] for what, senders, moment in rounds]
    return {"address": address, "session": session, "forms": forms}


def work(number, facts, together):
    """[{"told": what this sender was told, "made": what his first try had made when the server died under it}] of each round."""
    desk = browser.Browser(facts["address"], facts["session"])
    answers = []
    for (path, fields), senders, moment in facts["forms"]:
        made = _die(desk, path, fields, moment) if number == 0 and moment else None
        together()
        told = browser.told(desk.insist(path, fields)) if number < senders else None
        answers.append({"told": told, "made": made})
        together()
    return answers


def _die(desk, path, fields, moment):
    """Send it to a server that dies; [the rows that were there before, the rows that are there now], or the answer that came."""
    before = _count()
    try:
        answer = desk.send(path, fields, **{"X-Die": moment})
    except browser.LOST:
        return [before, _count()]
    return answer.status_code


def _count():
    """How many of the things that the forms make are there."""
    moved = Movement.objects.filter(source_type__model="delivery")
    return [Quote.objects.count(), QuoteLine.objects.count(), Delivery.objects.count(), moved.count()]


def figures(facts):
    return {"count": _count(), "problems": books.problems()}


def _quote(desk):
    """The form of a new quote with two lines."""
    path = "/sales/quote/add/"
    fields = desk.fields(path)
    lines = [{"product": "QH0001", "quantity": "3"}, {"product": "QH0002", "quantity": "5"}]
    for number, line in enumerate(lines):
        fields |= {f"lines-{number}-{name}": value for name, value in (line | {"position": str(number + 1)}).items()}
    fields |= {"lines-TOTAL_FORMS": str(len(lines)), "customer": str(people.customer(shop.buyers()[0]).pk), "_save": "1"}
    return path, fields


def _order():
    return people.make_order(people.customer(shop.buyers()[0]), [(people.product(), 3)], stocked=False, warehouse=shop.warehouse())


def _pressed(desk, document, codename):
    """The form of an operation's dialog, as it is offered."""
    path = f"/sales/{document._meta.model_name}/{document.pk}/do/{codename}/"
    return path, desk.fields(path)


FORMS = {
    NEW_QUOTE: _quote,
    CREATE_DELIVERY: lambda desk: _pressed(desk, _order(), "deliver_order"),
    DISPATCH: lambda desk: _pressed(desk, people.deliver(_order(), dispatch=False), "dispatch_delivery"),
}

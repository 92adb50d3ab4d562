"""Scene: all draw numbers from the same series, which the first of them opens. Some are refused when their number is drawn already,
some are killed before their commit.
"""

import os
import random
import signal
from decimal import Decimal

from fixtures import drafts
from models.audit.changes import changes
from models.base.documents import business_today
from models.customers.models import Customer
from models.sales.models import Order, Quote
from models.sales.operations.orders import submit_order
from models.sales.operations.quotes import submit_quote
from tests import people
from tests.concurrency import books, shop

KINDS = {"quote": (drafts.draft_quote, submit_quote), "order": (drafts.draft_order, submit_order)}
REFUSED_OF_TEN = 3


def prepare(tries=4, killed=()):
    """`killed`: the numbers of the writers that do not live to see their last commit."""
    shop.open_shop()
    poor, *buyers = shop.buyers()
    with changes("command", reason="test"):
        Customer.objects.filter(code=poor).update(credit_limit=Decimal("0.01"))
    return {"tries": tries, "killed": list(killed), "poor": poor, "buyers": buyers}


def work(number, facts, together):
    """[["done", the document's number] or ["refused", …]] of each try."""
    chance, answers = random.Random(number), []
    for attempt in range(facts["tries"]):
        if number in facts["killed"] and attempt == facts["tries"] - 1:
            with changes("operation"):
                _submit(chance, facts, "quote", facts["buyers"][0])
                os.kill(os.getpid(), signal.SIGKILL)
        kind, buyer = chance.choice(list(KINDS)), chance.choice(facts["buyers"])
        if chance.randrange(10) < REFUSED_OF_TEN:
            kind, buyer = "order", facts["poor"]
        answers.append(shop.tried(_submit, chance, facts, kind, buyer))
    return answers


def _submit(chance, facts, kind, buyer):
    """A document of today or of a year ago, so that two series are drawn from in turn."""
    draft, submit = KINDS[kind]
    buyer = people.customer(buyer)
    seller = people.seller_of(buyer)
    today = business_today()
    date = chance.choice([today, today.replace(year=today.year - 1, day=1)])
    return submit(draft(buyer, [drafts.Item(people.product(), Decimal(1))], by=seller, date=date), by=seller)


def figures(facts):
    numbers = {model.__name__: list(model.objects.exclude(number="").values_list("number", flat=True)) for model in (Quote, Order)}
    return {"numbers": numbers, "problems": books.problems()}

"""Scene: two people decide on the same document, or do the same deed to it, at the same moment; round after round."""

import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flows.models import ApprovalChain, ApprovalTask, ChainApprover, ChainLevel
from flows.records import Decision
from flows.route import decide, open_process, waiting_tasks
from models.audit.changes import changes
from models.finance.models import CashEntry, CustomerEntry, Receipt
from models.org.models import Role
from models.sales.models import Delivery, Order, Return
from models.sales.operations.deliveries import dispatch_delivery
from models.sales.operations.orders import ORDER_APPROVAL
from models.sales.operations.returns import receive_return
from models.stock.models import Movement, Reservation
from tests import people
from tests.concurrency import books, shop

EITHER = ("zhuguan", "quyu")  # both are asked about an order; one of them decides
ACCOUNTANTS = ("kuaiji", "second")  # both hold the role that is asked about a receipt
KEEPERS = ("zhuguan", "zong")
SELLER = "its seller"


@dataclass
class Race:
    """A document is made while people are asked (`is_asked`) or not; then each of the two in `who` does his of the `deeds`."""

    model: type
    make: Any
    who: tuple
    deeds: tuple
    is_asked: bool = True


def prepare(rounds=30):
    """A document for each round, the races in turn."""
    shop.open_shop(on_hand=[("QH0001", 5000)])
    names = [list(RACES)[number % len(RACES)] for number in range(rounds)]
    early = [None if RACES[name].is_asked else RACES[name].make().pk for name in names]
    _ask_two()
    return {"rounds": [(name, key or RACES[name].make().pk) for name, key in zip(names, early, strict=True)]}


def _ask_two():
    people.only("accountant", username=ACCOUNTANTS[1])
    with changes("command", reason="test"):
        role = Role.objects.get(code="accountant")
        either = [{"kind": "employee", "employee": people.named(name).employee} for name in EITHER]
        for document, approvers in (("order", either), ("receipt", [{"kind": "role", "role": role}])):
            chain = ApprovalChain.objects.create(code=f"two-{document}", document=document, priority=1, fallback_role=role)
            level = ChainLevel.objects.create(chain=chain, position=1)
            for position, one in enumerate(approvers, 1):
                ChainApprover.objects.create(level=level, position=position, **one)


def work(number, facts, together):
    """[[answer, when he pressed, when he had it]] of each round. Both have looked at the document before either of them presses."""
    answers = []
    for name, key in facts["rounds"]:
        race = RACES[name]
        document = race.model.objects.get(pk=key)
        user = people.seller_of(document) if race.who[number] == SELLER else people.named(race.who[number])
        press = race.deeds[number](document, user)
        together()
        pressed = time.monotonic()
        answers.append([shop.tried(press), pressed, time.monotonic()])
    return answers


def figures(facts):
    posted = [_posted(RACES[name].model.objects.get(pk=key)) for name, key in facts["rounds"]]
    return {"posted": posted, "problems": books.problems()}


def _posted(document):
    """The document's state, and how often each ledger holds it."""
    source = {"source_type__model": document._meta.model_name, "source_id": document.pk}
    entries = {model.__name__: model.objects.filter(**source).count() for model in (Movement, Reservation, CashEntry, CustomerEntry)}
    process = {"process__object_id": document.pk, "process__code": document.DOCUMENT_CODE}
    decided = ApprovalTask.objects.filter(**process).exclude(decision="").count()
    return {"state": document.approval if decided or document.HAS_APPROVAL else "", "decided": decided} | entries


def deciding(decision):
    """The deed of deciding on the task that waits for oneself or for one's role."""

    def deed(document, user):
        task = next(task for task in waiting_tasks(open_process(document)) if task.owner_id in (None, user.pk))
        return lambda: decide(task, user, decision, "so it is")

    return deed


def doing(operation, **arguments):
    """The deed of pressing the operation's button."""
    return lambda document, user: lambda: operation(document, by=user, **arguments)


def _order(**options):
    return people.make_order(
        people.customer(shop.buyers()[0]), [(people.product(), 3)], stocked=False, warehouse=shop.warehouse(), **options
    )


def _waiting_order():
    return _order(approved=False)


def _delivery():
    return people.deliver(_order(), dispatch=False)


def _return():
    return people.take_back(people.deliver(_order()), {1: 1}, received=False)


def _receipt():
    return people.receive(people.customer(shop.buyers()[0]).debtor, Decimal(7), approved=False)


APPROVE, REJECT = deciding(Decision.APPROVE), deciding(Decision.REJECT)
WITHDRAW = doing(ORDER_APPROVAL["withdraw"], reason="changed his mind")
RACES = {
    "approve order": Race(Order, _waiting_order, EITHER, (APPROVE, APPROVE)),
    "approve receipt": Race(Receipt, _receipt, ACCOUNTANTS, (APPROVE, APPROVE)),
    "approve or reject order": Race(Order, _waiting_order, EITHER, (APPROVE, REJECT)),
    "approve or withdraw order": Race(Order, _waiting_order, (EITHER[0], SELLER), (APPROVE, WITHDRAW)),
    "dispatch": Race(Delivery, _delivery, KEEPERS, (doing(dispatch_delivery),) * 2, is_asked=False),
    "take in": Race(Return, _return, KEEPERS, (doing(receive_return),) * 2, is_asked=False),
}

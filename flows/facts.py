"""The facts that conditions may ask, by name, and how they are compared and told."""

import operator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.apps import apps
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base import policy

AMOUNT, PERCENT, NUMBER, YES_NO, TEXT = "amount", "percent", "number", "yes_no", "text"
YES = {"yes", "true", "1", "是"}
NO = {"no", "false", "0", "否"}
COMPARISONS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq}
SIGNS = {">=": "≥", "<=": "≤"}


@dataclass(frozen=True)
class Fact:
    """Something a condition may ask. `yes` and `no` tell a yes-no fact as a sentence.

    `reads`: (record type, field) that it gives away; no record type means the document itself. `documents`: of which it can be
    known, None for all.
    """

    name: str
    label: str
    kind: str
    reads: tuple
    documents: tuple | None = None
    yes: str = ""
    no: str = ""


GROSS, DISCOUNT, COST = ("", "gross"), ("", "discount"), ("products.product", "cost")
OFFERS, ORDER, RETURN, RECEIPT = ("quote", "order"), ("order",), ("return",), ("receipt",)
LIMIT, DEBT = ("customers.customer", "credit_limit"), ("finance.receivable", "outstanding")
FACTS = {
    fact.name: fact
    for fact in [
        Fact("amount", _("Amount"), AMOUNT, GROSS),
        Fact("lowest_discount", _("Lowest discount (% paid)"), PERCENT, DISCOUNT, OFFERS),
        Fact(
            "below_floor",
            _("Below the owner's discount floor"),
            YES_NO,
            DISCOUNT,
            OFFERS,
            _("Below the owner's discount floor"),
            _("Within the owner's discount floor"),
        ),
        Fact("margin", _("Margin"), PERCENT, COST, OFFERS),
        Fact(
            "unchanged_from_quote",
            _("Unchanged from the quote"),
            YES_NO,
            ("", "quote"),
            ORDER,
            _("Unchanged from the quote"),
            _("Not as in an approved quote"),
        ),
        Fact("credit_excess", _("Beyond the credit limit by"), AMOUNT, LIMIT, OFFERS),
        Fact("credit_excess_percent", _("Beyond the credit limit by, in percent"), PERCENT, LIMIT, OFFERS),
        Fact("overdue", _("Overdue"), AMOUNT, DEBT, OFFERS),
        Fact(
            "terms_changed",
            _("Payment term changed"),
            YES_NO,
            ("", "payment_term"),
            OFFERS,
            _("The payment term is not the customer's own"),
            _("The customer's own payment term"),
        ),
        Fact("days", _("Days since dispatch"), NUMBER, ("", "delivery"), RETURN),
        Fact("is_cash", _("Paid in cash"), YES_NO, ("", "account"), RECEIPT, _("Paid in cash"), _("Not paid in cash")),
        Fact("cash_amount", _("Amount in cash"), AMOUNT, GROSS, RECEIPT),
        Fact("short_by", _("Short by"), AMOUNT, DEBT, RECEIPT),
        Fact("department", _("Department"), TEXT, ("", "department")),
        Fact("region", _("Sales region"), TEXT, ("", "region")),
        Fact("customer_type", _("Customer type"), TEXT, ("", "customer")),
        Fact("customer_level", _("Customer level"), TEXT, ("", "customer")),
    ]
}


def is_open_to(fact, user, document):
    """May this person know the fact: does he see the field that it gives away?"""
    record_type, field = fact.reads
    model = apps.get_model(record_type) if record_type else type(document)
    return bool(policy.may(user, "view", model)) and policy.may_see(user, model, field)


def _number(text):
    try:
        value = Decimal(str(text).replace(",", "").strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def problem_of(condition, document=""):
    """Why a condition cannot be asked like that (of this kind of document), as a sentence, or ""."""
    fact = FACTS.get(condition.fact)
    if fact is None:
        return _t("There is no such fact.")
    if document and fact.documents is not None and document not in fact.documents:
        return _t("“%(fact)s” cannot be known of this kind of document.") % {"fact": fact.label}
    if fact.kind == YES_NO:
        return "" if condition.operator == "is" and condition.value.strip().lower() in YES | NO else _t("Ask “is” with yes or no.")
    if fact.kind == TEXT:
        return "" if condition.operator in ("=", "in") and condition.value.strip() else _t("Ask “=” or “one of” with codes.")
    if condition.operator not in COMPARISONS:
        return _t("Compare numbers with >, ≥, <, ≤ or =.")
    return "" if _number(condition.value) is not None else _t("Enter a number.")


def holds(condition, value):
    """Does the condition hold for this value of its fact? What cannot be known (None) fulfils nothing."""
    fact = FACTS.get(condition.fact)
    if value is None or fact is None:
        return False
    if fact.kind == YES_NO:
        return bool(value) == (condition.value.strip().lower() in YES)
    if fact.kind == TEXT:
        return str(value) in [code.strip() for code in condition.value.split(",")]
    limit, compare = _number(condition.value), COMPARISONS.get(condition.operator)
    return limit is not None and compare is not None and compare(Decimal(value), limit)


def told(condition, value):
    """A condition that held, with what was found, as JSON can hold it."""
    found = value if isinstance(value, bool) else str(value)
    return {"fact": condition.fact, "operator": condition.operator, "value": condition.value, "found": found}


def shown(fact, value):
    """A value as people read it: 84 %, 260,000.00."""
    number = _number(value)
    if number is None or fact.kind == TEXT:
        return str(value)
    if fact.kind == AMOUNT:
        return f"{number:,.2f}"
    text = f"{number:,.2f}".rstrip("0").rstrip(".")
    return f"{text} %" if fact.kind == PERCENT else text


def sentence(reason):
    """“Lowest discount 84 % < 85 %”, in the reader's language, of what `told` made. Without `found` the bare condition.

    That something is more than nothing need not be said: “Overdue 1,200.00”.
    """
    fact = FACTS.get(reason["fact"])
    if fact is None:
        return f"{reason['fact']} {reason['operator']} {reason['value']}"
    if fact.kind == YES_NO:
        return str(fact.yes if str(reason["value"]).strip().lower() in YES else fact.no)
    found = shown(fact, reason["found"]) if "found" in reason else ""
    if found and reason["operator"] == ">" and _number(reason["value"]) == 0:
        return f"{fact.label} {found}"
    sign = SIGNS.get(reason["operator"], reason["operator"])
    if fact.kind == TEXT:
        return f"{fact.label}: {found or reason['value']}"
    return " ".join(part for part in (str(fact.label), found, sign, shown(fact, reason["value"])) if part)

"""What approval conditions may ask about a receipt or a refund."""

from decimal import Decimal

from models.finance.models import CashAccount


def receipt_facts(receipt):
    """amount, is_cash, cash_amount, short_by (what the lines want beyond the outstanding), in base currency where money."""
    lines = list(receipt.lines.select_related("receivable"))
    outstanding = sum((line.receivable.outstanding for line in lines), Decimal(0))
    allocated = sum((line.amount for line in lines), Decimal(0))
    amount = receipt.base_gross
    is_cash = receipt.account.kind == CashAccount.Kind.CASH
    return {
        "amount": amount,
        "is_cash": is_cash,
        "cash_amount": amount if is_cash else Decimal(0),
        "short_by": max(Decimal(0), outstanding - allocated),
    }


def refund_facts(refund):
    """amount in base currency."""
    return {"amount": refund.base_gross}

"""Who agrees to an order. Whoever agrees because of the credit rules, and may override them, lets the order pass beyond them."""

from django.utils.translation import gettext_lazy as _
from viewflow.workflow import flow

from flows.base import ApprovalRoute
from models.base import policy
from models.finance import credit
from models.sales.facts import OrderFacts
from models.sales.operations.orders import order_credit

CREDIT_FACTS = {"credit_excess", "credit_excess_percent", "overdue"}


class OrderApproval(ApprovalRoute, flow.Flow):
    process_title = _("Order approval")
    documents = {"order": "sales.Order"}

    def facts(self, document):
        return OrderFacts(document)

    def on_level_approved(self, document, level, task):
        reasons = [reason for reason in level["why"] if reason["fact"] in CREDIT_FACTS]
        status = order_credit(document)
        if reasons and not credit.is_overridden(document, status) and policy.may(task.owner, "override_credit_order", document):
            debtor, reason = document.customer.debtor, task.comment[:200]
            credit.record_override(document, debtor, status, by=task.owner, reason=reason, needs_reason=False)

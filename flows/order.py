"""Who agrees to an order. Whoever agrees because of the credit rules, and may override them, lets the order pass beyond them."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from viewflow.workflow import flow

from flows.base import ApprovalRoute
from models.base import policy
from models.base.fields import trimmed
from models.finance import credit
from models.sales.facts import OrderFacts, missing_goods
from models.sales.operations.orders import order_credit
from models.stock.models import Balance

MOST_SHOWN = 5
CREDIT_FACTS = {"credit_excess", "credit_excess_percent", "overdue"}


class OrderApproval(ApprovalRoute, flow.Flow):
    process_title = gettext_lazy("Order approval")
    documents = {"order": "sales.Order"}

    def facts(self, document):
        return OrderFacts(document)

    def remarks(self, document, user):
        """What of the order is not in stock: it can be agreed to all the same, and waits for goods."""
        if not policy.may(user, "view", Balance):
            return []
        missing = [
            _("%(product)s: %(available)s of %(needed)s") % {"product": product.code, "available": trimmed(left), "needed": trimmed(needed)}
            for product, needed, left in missing_goods(document)
        ]
        return [_("Not in stock: %(lines)s") % {"lines": " · ".join(missing[:MOST_SHOWN])}] if missing else []

    def on_level_approved(self, document, level, task):
        reasons = [reason for reason in level["why"] if reason["fact"] in CREDIT_FACTS]
        status = order_credit(document)
        if reasons and not credit.is_overridden(document, status) and policy.may(task.owner, "override_credit_order", document):
            debtor, reason = document.settled_by, task.comment[:200]
            credit.record_override(document, debtor, status, by=task.owner, reason=reason, needs_reason=False)

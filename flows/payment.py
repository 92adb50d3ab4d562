"""Who agrees to money that came in or goes back."""

from django.utils.translation import gettext_lazy as _
from viewflow.workflow import flow

from flows.base import ApprovalRoute
from models.finance.facts import receipt_facts, refund_facts


class PaymentApproval(ApprovalRoute, flow.Flow):
    process_title = _("Payment approval")
    documents = {"receipt": "finance.Receipt", "refund": "finance.Refund"}

    def facts(self, document):
        return receipt_facts(document) if document.DOCUMENT_CODE == "receipt" else refund_facts(document)

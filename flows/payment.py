"""Who agrees to money that came in or goes back."""

from django.utils.translation import gettext_lazy as _
from viewflow.workflow import flow

from flows.base import ApprovalRoute
from models.finance.facts import receipt_facts, refund_facts
from models.sales.facts import DocumentFacts


class PaymentFacts(DocumentFacts):
    """What finance knows of the payment, beside what can be asked of any document."""

    def get(self, name, default=None):
        if not hasattr(self, "money"):
            self.money = receipt_facts(self.document) if self.document.DOCUMENT_CODE == "receipt" else refund_facts(self.document)
        return self.money[name] if name in self.money else super().get(name, default)


class PaymentApproval(ApprovalRoute, flow.Flow):
    process_title = _("Payment approval")
    documents = {"receipt": "finance.Receipt", "refund": "finance.Refund"}

    def facts(self, document):
        return PaymentFacts(document)

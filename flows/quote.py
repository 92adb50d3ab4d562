"""Who agrees to a quote."""

from django.utils.translation import gettext_lazy as _
from viewflow.workflow import flow

from flows.base import ApprovalRoute
from models.sales.facts import OfferFacts


class QuoteApproval(ApprovalRoute, flow.Flow):
    process_title = _("Quote approval")
    documents = {"quote": "sales.Quote"}

    def facts(self, document):
        return OfferFacts(document)

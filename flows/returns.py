"""Who agrees that goods come back."""

from django.utils.translation import gettext_lazy as _
from viewflow.workflow import flow

from flows.base import ApprovalRoute
from models.sales.facts import ReturnFacts


class ReturnApproval(ApprovalRoute, flow.Flow):
    process_title = _("Return approval")
    documents = {"return": "sales.Return"}

    def facts(self, document):
        return ReturnFacts(document)

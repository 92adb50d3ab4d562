"""Every document that has a route, in one table."""

from django.apps import apps

from flows.order import OrderApproval
from flows.payment import PaymentApproval
from flows.quote import QuoteApproval
from flows.returns import ReturnApproval

ROUTES = [QuoteApproval, OrderApproval, PaymentApproval, ReturnApproval]


def documents():
    """{code: model} of the documents that have a route."""
    return {code: apps.get_model(name) for route in ROUTES for code, name in route.documents.items()}


def route_of(document):
    """The flow of a document."""
    return next(route for route in ROUTES if document.DOCUMENT_CODE in route.documents)

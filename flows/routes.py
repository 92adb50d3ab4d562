"""Every document that has a route, in one table."""

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from flows.order import OrderApproval
from flows.payment import PaymentApproval
from flows.quote import QuoteApproval
from flows.returns import ReturnApproval

ROUTES = [QuoteApproval, OrderApproval, PaymentApproval, ReturnApproval]


def documents():
    """{code: model} of the documents that have a route."""
    return {code: apps.get_model(name) for route in ROUTES for code, name in route.documents.items()}


def route_of(document):
    """The flow of a document. Every document that is submitted has one."""
    for route in ROUTES:
        if document.DOCUMENT_CODE in route.documents:
            return route
    raise ImproperlyConfigured(f"{type(document).__name__} is submitted, but no flow in flows/routes.py names “{document.DOCUMENT_CODE}”.")

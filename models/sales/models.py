"""The record types of selling, in the order a sale goes through them."""

from models.sales.deliveries import Delivery, DeliveryLine
from models.sales.figures import SalesFigure
from models.sales.opportunities import Opportunity, Stage
from models.sales.orders import Order, OrderLine
from models.sales.quotes import Quote, QuoteLine
from models.sales.returns import Return, ReturnLine

__all__ = [
    "Delivery",
    "DeliveryLine",
    "Opportunity",
    "Order",
    "OrderLine",
    "Quote",
    "QuoteLine",
    "Return",
    "ReturnLine",
    "SalesFigure",
    "Stage",
]

"""What a foreign currency is worth: the latest stored rate on or before a day."""

from decimal import Decimal

from models.base.protocols import exchange_rate
from models.org.models import ExchangeRate


@exchange_rate.fill
def rate_on(currency_id, date):
    """How much of the company's currency one unit is worth on that day, or None where no rate is stored by then."""
    rates = ExchangeRate.objects.filter(currency_id=currency_id, valid_from__lte=date)
    return rates.order_by("-valid_from").values_list("rate", flat=True).first()


def rate_between(currency_id, own_currency_id, date):
    """The same, and 1 for the company's own currency."""
    return Decimal(1) if currency_id == own_currency_id else rate_on(currency_id, date)

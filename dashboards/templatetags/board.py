"""What the templates of boards write: amounts without a script, and the same board under another choice."""

from decimal import Decimal

from django import template
from django.utils.http import urlencode

from models.base.fields import trimmed
from models.base.money import money

register = template.Library()


@register.filter
def plain(number):
    """A number for a program to read."""
    return trimmed(Decimal(number))


@register.filter
def grouped(number):
    """A number for a person to read where no script runs: 1,234.50; whole numbers without decimals."""
    return f"{number:,}" if isinstance(number, int) else f"{money(number):,}"


@register.simple_tag(takes_context=True)
def choice(context, **changed):
    """The query of this board with something else chosen."""
    kept = {name: value for name, value in context["selection"].query.items() if name not in ("period", "from", "to")}
    return f"?{urlencode({**kept, **changed})}"


@register.simple_tag
def csv_link(address):
    """The same numbers as a file."""
    return f"{address}{'&' if '?' in address else '?'}format=csv"

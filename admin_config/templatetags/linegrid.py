"""`{% linegrid inline_admin_formset as grid %}`: what the grid's template shows."""

from django import template

from admin_config.linegrid.rendering import Grid

register = template.Library()


@register.simple_tag
def linegrid(inline_admin_formset):
    """The grid of an inline's formset: heading, columns, rows, blank row, configuration."""
    return Grid(inline_admin_formset)

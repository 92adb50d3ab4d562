"""The route as a picture: the shared nodes, coloured by how far a process has come."""

from django.utils.safestring import mark_safe
from viewflow.workflow import chart


def diagram(process):
    """The SVG of a process's route. It takes its colours from the page."""
    grid = chart.calc_layout_data(process.flow_class)
    chart.calc_cell_status(process.flow_class, grid, process.pk)
    return mark_safe(chart.grid_to_svg(grid))

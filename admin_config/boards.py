"""Boards inside the admin: their addresses, and the frame of the site around their pages."""

from functools import wraps

from django.urls import path

from dashboards import home, views


def framed(site, view):
    """The view with everything the site's frame needs in its context."""

    @wraps(view)
    def inside(request, *arguments, **named):
        response = view(request, *arguments, **named)
        if hasattr(response, "context_data"):
            response.context_data = {**site.each_context(request), **(response.context_data or {})}
            request.current_app = site.name
        return response

    return inside


def board_urls(site):
    """admin:boards (the first one may see), admin:board, admin:board_data, admin:workbench."""

    def page(view):
        return site.admin_view(framed(site, view))

    return [
        path("boards/", page(views.board), name="boards"),
        path("boards/data/<slug:key>/", page(views.chart_data), name="board_data"),
        path("boards/<slug:code>/", page(views.board), name="board"),
        path("workbench/", page(home.workbench), name="workbench"),
    ]

"""Wrong words in a screen's declaration are found at start, named by screen and word."""

from django.core.checks import Error
from django.core.exceptions import FieldDoesNotExist
from unfold.checks import UnfoldModelAdminChecks

from admin_config.rights import ALWAYS
from models.base.operations import operations_of


class RecordAdminChecks(UnfoldModelAdminChecks):
    """Django's and Unfold's checks, and those of the words that RecordAdmin adds."""

    def check(self, admin_obj, **kwargs):
        own = (
            self._columns_say_what_they_show,
            self._filters_fit,
            self._totals_are_fields,
            self._operations_are_declared,
            self._route_fits,
        )
        return super().check(admin_obj, **kwargs) + [error for check in own for error in check(admin_obj)]

    def _columns_say_what_they_show(self, screen):
        """A computed column nobody knows the fields of would be hidden from everybody."""
        for name in screen.list_display:
            if name not in ALWAYS and screen.read_by(name) is None:
                yield _error(screen, f"list_display: {name!r} does not say which fields it reads.", "E101")

    def _filters_fit(self, screen):
        for name in screen.list_filter:
            if isinstance(name, str):
                try:
                    screen.filter_of(name)
                except (ValueError, FieldDoesNotExist) as error:
                    yield _error(screen, f"list_filter: {error}", "E102")

    def _totals_are_fields(self, screen):
        known = {field.name for field in screen.opts.concrete_fields}
        for name in screen.list_totals:
            if name not in known:
                yield _error(screen, f"list_totals: {name!r} is no field.", "E103")

    def _operations_are_declared(self, screen):
        known = {one.codename for one in operations_of(screen.model)}
        for one in screen.operations or ():
            if getattr(one, "codename", one) not in known:
                yield _error(screen, f"operations: {one!r} is not declared on {screen.opts.label}.", "E104")

    def _route_fits(self, screen):
        """A document that can be submitted needs the route that decides it, and that route must know it."""
        code, route = getattr(screen.model, "DOCUMENT_CODE", ""), getattr(screen, "flow", None)
        can_submit = code and any(one.codename == f"submit_{code}" for one in operations_of(screen.model))
        if route is not None and code not in route.documents:
            yield _error(screen, f"flow: {route.__name__} does not know {code!r}.", "E105")
        if can_submit and route is None:
            yield _error(screen, f"flow: {screen.opts.label} can be submitted, but no route decides it.", "E106")


def _error(screen, message, code):
    return Error(message, obj=type(screen), id=f"admin_config.{code}")

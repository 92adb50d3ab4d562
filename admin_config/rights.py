"""The policy's answers in the shape Django's admin asks for. Screens and inlines share it."""

from functools import lru_cache

from django.utils.text import capfirst

from admin_config.columns import Column
from models.base import policy
from models.base.policy import HIDE, MASK, READ, WRITE

ALWAYS = ("__str__", "action_checkbox")


@lru_cache(maxsize=512)
def masked_column(model, name):
    """A column that shows only that there is something."""
    field = model._meta.get_field(name)

    def shown(record):
        return policy.masked(getattr(record, field.attname))

    shown.__name__ = f"masked_{name}"
    shown.short_description = capfirst(field.verbose_name)
    shown.reads = ()
    return shown


def reads(*names):
    """Says which fields a computed column of a screen shows; without it nobody sees the column."""

    def declare(function):
        function.reads = names
        return function

    return declare


class Rights:
    """What a person sees of the rows, fields and deeds of `self.model`. The default is no."""

    def levels(self, request):
        """{field: HIDE, MASK, READ or WRITE}."""
        return policy.fields(request.user, self.model)

    def field_names(self):
        """The concrete fields of the model."""
        return {field.name for field in self.model._meta.get_fields() if field.concrete}

    def read_by(self, name):
        """The fields a column shows; None where it does not say."""
        if isinstance(name, str) and name in self.field_names():
            return (name,)
        function = name if callable(name) else getattr(self, name, None) or getattr(self.model, name, None)
        return getattr(function, "reads", None)

    def sees(self, request, name, least=READ):
        """True if the person may see (or write) a field, or all that a computed column reads."""
        if name in ALWAYS:
            return True
        if isinstance(name, str) and name in self.levels(request):
            return self.levels(request)[name] >= least
        if name in getattr(self.form, "declared_fields", ()):  # typed into the form and no column, e.g. a new password
            return True
        shown = self.read_by(name)
        return shown is not None and all(policy.is_readable_path(request.user, self.model, path) for path in shown)

    def show(self, request, names):
        """The names a person may see; those he may only know to be filled become masked columns."""
        visible = []
        for name in names:
            field = name.name if isinstance(name, Column) else name
            if self.sees(request, name):
                visible.append(name)
            elif isinstance(field, str) and self.levels(request).get(field, HIDE) == MASK:
                visible.append(masked_column(self.model, field))
        return visible

    # -- rows ------------------------------------------------------------------------------------------------------------

    def get_queryset(self, request):
        wanted = self.get_ordering(request) or self.opts.ordering or ()
        ordering = [name for name in wanted if not isinstance(name, str) or policy.is_readable_path(request.user, self.model, name)]
        return policy.scope(request.user, self.model).order_by(*ordering or ["-pk"])

    def get_field_queryset(self, db, db_field, request):
        """The records a key may point at: those the person may see."""
        target = db_field.remote_field.model
        ordering = target._meta.ordering or ["pk"]
        return policy.scope(request.user, target).order_by(*ordering)

    # -- deeds -----------------------------------------------------------------------------------------------------------

    def subject(self, obj):
        """What a question is about: this record, or the kind of record."""
        return obj if isinstance(obj, self.model) else self.model

    def has_view_permission(self, request, obj=None):
        return bool(policy.may(request.user, "view", self.subject(obj)))

    def has_add_permission(self, request, obj=None):
        return bool(policy.may(request.user, "add", self.model))

    def has_change_permission(self, request, obj=None):
        return bool(policy.may(request.user, "change", self.subject(obj)))

    def has_delete_permission(self, request, obj=None):
        return bool(policy.may(request.user, "delete", self.subject(obj)))

    def has_import_permission(self, request):
        return bool(policy.may(request.user, "import", self.model))

    def has_export_permission(self, request):
        return bool(policy.may(request.user, "export", self.model))

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    # -- fields ----------------------------------------------------------------------------------------------------------

    def get_exclude(self, request, obj=None):
        """Fields the form must not take in, whatever was posted."""
        below = [name for name, level in self.levels(request).items() if level < WRITE]
        return [*(self.exclude or ()), *below]

    def get_readonly_fields(self, request, obj=None):
        placed = self.placed_fields(request, obj)
        readonly = [name for name in placed if callable(name) or not self.sees(request, name, WRITE)]
        return readonly + [name for name in self.readonly_fields if name not in readonly and self.sees(request, name)]

    def get_prepopulated_fields(self, request, obj=None):
        return {name: of for name, of in super().get_prepopulated_fields(request, obj).items() if self.sees(request, name, WRITE)}

    def to_field_allowed(self, request, to_field):
        return to_field == self.opts.pk.name

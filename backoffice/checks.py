"""Wrong declarations fail at start, not in a user's hands."""

from django.apps import apps
from django.conf import settings
from django.core.checks import Error, register
from django.db import models

from models.base.documents import Document
from models.base.fields import ExactDecimalField
from models.base.operations import all_operations
from models.base.records import Line


def area_models():
    """Every table of the business areas, history tables left out."""
    for area in settings.AREAS:
        for model in apps.get_app_config(area).get_models():
            if not hasattr(model, "instance_type"):
                yield model


@register()
def decimals_are_exact(**_arguments):
    """A float, or a decimal that SQLite would compute as one, must not hold money or quantities."""
    return [
        Error(f"{model._meta.label}.{field.name} is not exact.", hint="Use a field of models.base.fields.", id="backoffice.E001")
        for model in area_models()
        for field in model._meta.local_fields
        if isinstance(field, models.FloatField | models.DecimalField) and not isinstance(field, ExactDecimalField)
    ]


@register()
def links_have_history(**_arguments):
    """A many-to-many link without a model of its own would have no history."""
    return [
        Error(f"{model._meta.label}.{field.name} has an automatic table.", hint="Make the link a TrackedModel.", id="backoffice.E002")
        for model in area_models()
        for field in model._meta.local_many_to_many
        if field.remote_field.through._meta.auto_created
    ]


@register()
def locked_columns_exist(**_arguments):
    """What a document or line declares as locked must be columns, or its lock guards nothing."""
    errors = []
    for model in area_models():
        if issubclass(model, Document | Line):
            columns = {field.attname for field in model._meta.concrete_fields}
            errors += [
                Error(f"{model._meta.label}.LOCKED names {name!r}, which is no column.", id="backoffice.E003")
                for name in model.LOCKED
                if name not in columns
            ]
    return errors


@register()
def operations_are_well_declared(**_arguments):
    """An operation moves a field its model has, between states that field knows."""
    errors = []
    for operation in all_operations():
        field = operation.model._meta.get_field(operation.field) if operation.source or operation.target else None
        known = {value for value, _label in field.choices} if field is not None else set()
        for state in (*(operation.source or ()), *([operation.target] if operation.target else ())):
            if state not in known:
                errors.append(Error(f"{operation.permission} names the unknown state {state!r}.", id="backoffice.E004"))
    return errors

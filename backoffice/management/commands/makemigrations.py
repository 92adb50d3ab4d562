"""makemigrations, with our package `models` kept apart from Django's `models` inside the written file."""

import re

from django.core.management.commands import makemigrations
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.writer import MigrationWriter
from django.db.models import F, Q

_OUR_IMPORT = re.compile(r"^import (models(?:\.\w+)+)$", re.MULTILINE)


def apart(text):
    """`import models.base.fields` would shadow `from django.db import models`: import each module under a name of its own."""
    for module in sorted(set(_OUR_IMPORT.findall(text)), key=len, reverse=True):
        name = module.removeprefix("models.").replace(".", "_")
        text = re.sub(rf"^import {re.escape(module)}$", f"import {module} as {name}", text, flags=re.MULTILINE)
        text = re.sub(rf"(?<![\w.]){re.escape(module)}\.(?=\w)(?! as )", f"{name}.", text)
    return text


class Writer(MigrationWriter):
    """Django's writer, with its text put right."""

    def as_string(self):
        return apart(super().as_string())


def gathered(operations):
    """The same operations with fields, indexes and constraints moved into the CreateModel of their migration where order allows.

    Nine tenths of the time of `migrate` is rebuilding the models after each operation, so fewer operations are faster.
    """
    created, kept = {}, []
    for operation in operations:
        model = created.get(getattr(operation, "model_name_lower", None))
        if isinstance(operation, CreateModel):
            created[operation.name_lower] = operation
            kept.append(operation)
        elif model is None or not _moved(operation, model, created, kept):
            kept.append(operation)
    return kept


def _moved(operation, model, created, kept):
    names = {name for name, _field in model.fields}
    if isinstance(operation, AddField):
        target = getattr(operation.field.remote_field, "model", None)
        if isinstance(target, str) and "." in target:
            position = [o.name_lower for o in kept if isinstance(o, CreateModel)]
            other = target.split(".")[1].lower()
            if other in created and position.index(other) > position.index(model.name_lower):
                return False
            if target.split(".")[0].lower() == "org" and other not in created and "user" not in created and "currency" in created:
                return False
        model.fields.append((operation.name, operation.field))
        return True
    if isinstance(operation, AddIndex) and {f.lstrip("-") for f in operation.index.fields} <= names:
        model.options.setdefault("indexes", []).append(operation.index)
        return True
    if isinstance(operation, AddConstraint) and set(_fields_of(operation.constraint)) <= names:
        model.options.setdefault("constraints", []).append(operation.constraint)
        return True
    return False


def _fields_of(constraint):
    names = list(getattr(constraint, "fields", ()))
    waiting = [getattr(constraint, "condition", None)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Q):
            waiting += node.children
        elif isinstance(node, tuple):
            names.append(node[0].split("__")[0])
            waiting.append(node[1])
        elif isinstance(node, F):
            names.append(node.name)
        elif hasattr(node, "get_source_expressions"):
            waiting += node.get_source_expressions()
    return names


def _join_first(app, migrations, changes):
    """Make one migration of an area's first two where no other area stands between them."""
    if len(migrations) < 2 or not migrations[0].initial:
        return
    names = {migration.name for migration in migrations}
    for other, others in changes.items():
        if other != app and any(dependency[0] == app and dependency[1] in names for m in others for dependency in m.dependencies):
            return
    first = migrations[0]
    for later in migrations[1:]:
        first.operations += later.operations
        first.dependencies += [d for d in later.dependencies if d not in first.dependencies and not (d[0] == app and d[1] in names)]
    del migrations[1:]


class Command(makemigrations.Command):
    def write_migration_files(self, changes, *arguments, **named):
        makemigrations.MigrationWriter = Writer
        for app, migrations in changes.items():
            _join_first(app, migrations, changes)
            for migration in migrations:
                migration.operations = gathered(migration.operations)
        super().write_migration_files(changes, *arguments, **named)

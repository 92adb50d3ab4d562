"""Keys between tables run down the house, as imports do. Import-linter sees imports; a key is a string and shows only here."""

import tomllib
from pathlib import Path

from django.apps import apps
from django.conf import settings

UPPER_FLOORS = ["backoffice", "admin_config", "dashboards", "flows"]
FLOORS = [*UPPER_FLOORS, *settings.AREAS]


def keys():
    """Every key of our own tables to another of our own, the rows of many-to-many links and histories included."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if field.concrete and field.is_relation and field.related_model:
                source, target = model._meta.app_label, field.related_model._meta.app_label
                if source in FLOORS and target in FLOORS:
                    yield f"{model._meta.label}.{field.name} → {field.related_model._meta.label}", source, target


def test_keys_never_point_upwards():
    assert list(keys()), "no keys found: the test looks at nothing"
    upwards = [name for name, source, target in keys() if FLOORS.index(target) < FLOORS.index(source)]
    assert not upwards


def test_settings_and_import_linter_mean_the_same_house():
    contracts = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract.get("containers") == ["models"])
    floor = {area.strip(" ()"): number for number, layer in enumerate(layers) for area in layer.split("|")}
    assert sorted(settings.AREAS, key=floor.__getitem__) == settings.AREAS

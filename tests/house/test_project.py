"""The tree is what README says, and its commands exist."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TOP = [
    "backoffice models admin_config flows dashboards fixtures tests docs",
    "manage.py pyproject.toml requirements.lock Makefile README.md CHANGELOG.md LICENSE NOTICE .gitignore .ci",
]
MADE = ".git .venv var staticfiles .pytest_cache .ruff_cache .hypothesis .import_linter_cache __pycache__"
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


def targets():
    return set(TARGET.findall((ROOT / "Makefile").read_text()))


def test_top_level_holds_nothing_unexpected():
    expected = set(" ".join([*TOP, MADE]).split())
    assert {path.name for path in ROOT.iterdir()} <= expected


def test_commands_of_the_documents_exist():
    texts = "\n".join(path.read_text() for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
    code = re.findall(r"```.*?```|`[^`\n]+`", texts, re.DOTALL)
    named = {name for piece in code for name in re.findall(r"\bmake ([a-z]+)\b", piece)}
    assert {"demo", "test"} <= named
    assert named <= targets()


def test_ci_calls_the_same_gate_as_people_do():
    run = ROOT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    assert run.read_text().rstrip().endswith("exec make test")
    subprocess.run(["bash", "-n", run], check=True)


def test_lock_covers_what_the_package_needs():
    """Every dependency of pyproject.toml is locked, and each locked release carries hashes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]
    entries = re.split(r"\n(?=\w)", (ROOT / "requirements.lock").read_text())
    locked = {entry.split("==")[0].split("[")[0].lower(): entry for entry in entries if "==" in entry}
    for requirement in wanted:
        name = re.match(r"[\w.-]+", requirement).group().lower().replace("_", "-")
        assert "--hash=sha256:" in locked[name], name


def test_licence_of_viewflow_is_honoured():
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text()[:200]
    notice = (ROOT / "NOTICE").read_text()
    assert "django-viewflow" in notice and "LICENSE_EXCEPTION" in notice
    assert not {"chartjs", "viewflow"} & set(settings.INSTALLED_APPS), "only viewflow.workflow is installed, and chartjs serves nothing"

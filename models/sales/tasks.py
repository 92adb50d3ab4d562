"""What the worker does for sales."""

import logging

from django_tasks import task

from models.audit.jobs import every
from models.sales import folding

log = logging.getLogger(__name__)


@every(seconds=60)
@task()
def fold_figures():
    """Fold the deltas that postings left, so that boards read few rows."""
    return folding.fold_all()


@every(seconds=600)
@task()
def mend_figures():
    """Put right the months whose orders were given to somebody else after their approval."""
    months = folding.strayed_months()
    for month in months:
        wrong = folding.differences(month, repair=True)
        if wrong:
            log.warning("The sales figures of %s were rebuilt: %s differences.", month.strftime("%Y-%m"), len(wrong))
    return len(months)

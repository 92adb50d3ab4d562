"""No address and no form, however broken, makes a screen fail: it answers, refuses or says that nothing is there."""

import pytest
from django.db import transaction

from tests.house.fuzzing import Maker
from tests.people import login

pytestmark = pytest.mark.django_db
ROLES = ("administrator", "salesperson", "sales_supervisor", "warehouse_keeper", "accountant")
ADDRESSES_A_SEED, FORMS_A_SEED, SEEDS = 260, 110, 20


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_address_fails(seed, people, client):
    client.raise_request_exception = False
    maker, failed, statuses = Maker(seed), [], {}
    login(client, ROLES[seed % len(ROLES)])
    for _ in range(ADDRESSES_A_SEED):
        address = maker.address()
        status = client.get(address).status_code
        statuses[status] = statuses.get(status, 0) + 1
        if status >= 500:
            failed.append(address)
    assert not failed, failed[:5]
    assert statuses.get(200, 0) > ADDRESSES_A_SEED / 20, statuses


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_form_fails(seed, people, client):
    client.raise_request_exception = False
    maker, failed = Maker(1000 + seed), []
    login(client, ROLES[seed % len(ROLES)])
    for _ in range(FORMS_A_SEED):
        address, data = maker.form()
        with transaction.atomic():
            status = client.post(address, data).status_code
            if transaction.get_connection().needs_rollback or status >= 500:
                failed.append((address, data, status))
            transaction.set_rollback(True)
    assert not failed, failed[:3]

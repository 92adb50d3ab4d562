"""Decimals are exact on both databases, in sums and conditional updates too."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db.models import F, Sum

from models.audit.changes import changes
from models.base.fields import AmountField, QuantityField, trimmed
from models.lowcode.models import NumberCounter
from models.org.models import Position

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal


@pytest.fixture
def positions(db):
    with changes("command"):
        return [Position.objects.create(code=f"P{i}", name=f"{i}", discount_floor=D("0.1")) for i in range(3)]


def test_three_times_a_tenth_is_three_tenths(positions):
    assert Position.objects.aggregate(total=Sum("discount_floor"))["total"] == D("0.3")


def test_a_conditional_update_finds_the_exact_value(positions):
    field = Position._meta.get_field("discount_floor")
    with changes("command"):
        for _ in range(3):
            rows = Position.objects.filter(code="P0", discount_floor__gte=D("0.0333"))
            changed = rows.update(discount_floor=F("discount_floor") - field.value(D("0.0333")))
            assert changed == 1
        assert Position.objects.filter(code="P0", discount_floor__gte=D("0.0002")).count() == 0
    assert Position.objects.get(code="P0").discount_floor == D("0.0001")


def test_an_annotated_sum_of_two_columns_keeps_its_places(positions):
    row = Position.objects.annotate(twice=F("discount_floor") + F("discount_floor")).first()
    assert row.twice == D("0.2")


def test_large_amounts_keep_their_cents(db):
    field = AmountField()
    assert field.to_python("123456789012345.67") == D("123456789012345.67")
    with pytest.raises(ValidationError):
        field.to_python(0.1)
    with pytest.raises(ValidationError):
        field.get_prep_value(D("NaN"))


def test_trimmed_text():
    assert [trimmed(D(t)) for t in ("12.500000", "12.000", "0", "-1.10")] == ["12.5", "12", "0", "-1.1"]
    assert trimmed(D("12.000"), 2) == "12.00"


def test_form_field_takes_full_width_digits():
    assert QuantityField().formfield().clean("１，２００．５") == D("1200.5")


def test_counter_is_outside_the_history(db):
    assert not hasattr(NumberCounter, "history")

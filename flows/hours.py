"""Working hours in the company's time zone: Monday to Friday, 9 to 12 and 13 to 18 o'clock. Holidays are not known."""

from datetime import datetime, time, timedelta

from django.utils import timezone

SHIFTS = [(time(9), time(12)), (time(13), time(18))]
WORKING_DAYS = range(5)


def add_working_hours(start, hours):
    """The moment `hours` working hours after `start`."""
    zone = timezone.get_default_timezone()
    day, left = start.astimezone(zone).date(), timedelta(hours=hours)
    while True:
        for begins, ends in SHIFTS if day.weekday() in WORKING_DAYS else ():
            opens = max(datetime.combine(day, begins, zone), start)
            closes = datetime.combine(day, ends, zone)
            if closes > opens and left <= closes - opens:
                return opens + left
            left -= max(closes - opens, timedelta(0))
        day += timedelta(days=1)

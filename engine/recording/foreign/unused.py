"""What a person said of a file that says the same, or something else, by itself: it has no effect, and that is told."""

from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.form import FileForm
from engine.recording.foreign.stamps import needs_order


def unused(layout: CsvLayout, form: FileForm, *, names_symbols: bool) -> list[str]:
    """A line for each option that is without effect on a file of this form."""
    timed = form.stamp == "ms-of-day"
    said = (
        (layout.symbol_said and names_symbols, "symbol", layout.symbol, "the file names its symbols itself"),
        (layout.date and not (form.before or timed), "date", layout.date, "the stamps have a date"),
        (layout.at and not form.after, "at", layout.at, "the stamps have a time"),
        (
            layout.dates and not needs_order(form.stamp),
            "dates",
            layout.dates,
            "the stamps leave no doubt of their days",
        ),
    )
    return [f"--{option} {value} is without effect: {why}" for idle, option, value, why in said if idle]

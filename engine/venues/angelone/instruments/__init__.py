"""The exchange's list of instruments, cached in a small file; knows no feed and no trader."""

from engine.venues.angelone.instruments.listed import Listed, date_text
from engine.venues.angelone.instruments.lookup import Instruments
from engine.venues.angelone.instruments.master import Update, cache_folder, ready, update

__all__ = ["Instruments", "Listed", "Update", "cache_folder", "date_text", "ready", "update"]

"""What each instrument records of the true population, and the ledger of its errors."""

from migkit.sources.census import Census, take_census
from migkit.sources.files import Manifest, write_dataset, write_teaching_data
from migkit.sources.pes import Survey, take_survey

__all__ = ["Census", "Manifest", "Survey", "take_census", "take_survey", "write_dataset", "write_teaching_data"]

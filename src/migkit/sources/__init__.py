"""What each instrument records of the true population, with a ledger of every defect; and the files it fills."""

from migkit.sources.dataset import write_dataset, write_datasets, write_teaching_data
from migkit.sources.request import Manifest

__all__ = ["Manifest", "write_dataset", "write_datasets", "write_teaching_data"]

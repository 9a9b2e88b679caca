"""Handing tables on: regional templates as workbooks and as SDMX, and reading those of others."""

from migkit.measures.exchange.contents import Sender, SentTable
from migkit.measures.exchange.quality import compare_received, quality_report
from migkit.measures.exchange.receiving import ReceivedTable, read_sdmx, read_workbook
from migkit.measures.exchange.sdmx import sdmx_code, sdmx_structure, table_label, to_sdmx_csv, to_sdmx_ml
from migkit.measures.exchange.workbook import empty_workbook, to_workbook

__all__ = [
    "ReceivedTable",
    "Sender",
    "SentTable",
    "compare_received",
    "empty_workbook",
    "quality_report",
    "read_sdmx",
    "read_workbook",
    "sdmx_code",
    "sdmx_structure",
    "table_label",
    "to_sdmx_csv",
    "to_sdmx_ml",
    "to_workbook",
]

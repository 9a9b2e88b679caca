"""What each instrument records of the true population, with a ledger of every defect; and the files it fills."""

"""What every room may use: errors, argument checks, frozen records, intervals, wording, progress, executors."""

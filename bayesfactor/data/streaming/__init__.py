"""Reduce returns in Parquet files to the cross-products of a panel: `assembly` holds what users call."""

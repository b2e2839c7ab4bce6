"""Risk premia from the cross-section of mean returns."""

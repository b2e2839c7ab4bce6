"""Returns and factors on one calendar, and the numbers that a fit takes from them."""

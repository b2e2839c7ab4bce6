"""Many fits, in other processes or on other machines."""

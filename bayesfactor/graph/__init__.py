"""The PyMC graph of a model: the definition that every faster form is held equal to."""

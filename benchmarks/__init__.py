"""What the tables of speed and calibration are made from."""

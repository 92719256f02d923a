"""The parts of the chaos test that decide, without workers and without a broker."""

"""What knowing where a payment was made is worth: the same simulated traffic with and without the places in it."""

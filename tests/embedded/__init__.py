"""The whole pipeline on embedded services: nothing but Python is needed."""

"""The archive as tables for others to query: definitions for Athena, Glue, QuickSight and DuckDB.

They are only made here, from `sinks/columns.py`; nobody is asked or told.
"""

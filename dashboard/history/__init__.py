"""Questions to the archive: what happened on some days, by DuckDB over Arrow. It knows nothing of HTTP."""

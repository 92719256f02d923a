"""An open dashboard under many alerts, for minutes: what it costs browser and server. No test run includes it."""

"""How good the scores are on labelled payments, by the protocol of the Fraud Detection Handbook."""

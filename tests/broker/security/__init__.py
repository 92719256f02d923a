"""Workers on a broker that demands TLS, a password and permissions."""

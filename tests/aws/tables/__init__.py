"""The archive as tables, on the AWS in this process."""

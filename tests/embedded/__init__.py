"""Tests on services that run inside the test process: librdkafka's mock broker and moto's S3, over loopback."""

"""Tests of everything that meets AWS, on emulators: moto in this process, and LocalStack where it can run."""

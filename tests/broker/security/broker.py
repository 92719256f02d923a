"""An Apache Kafka that lets in who knows a password, over TLS, and allows nobody more than was granted."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import trustme
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tests.kafka_broker import ApacheKafka, free_ports

Binding = TypeVar("Binding", AclBinding, AclBindingFilter)

USER = "riskstream"
PASSWORD = "correct horse"


@dataclass(frozen=True)
class Grant:
    """What a user may do with one resource, or with all whose names begin so."""

    kind: ResourceType
    name: str
    operation: AclOperation
    prefix: bool = False


class SecureKafka(ApacheKafka):
    """Its plaintext listener, for the tests' own clients, may do everything; `secure` has to be let in."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        (port,) = free_ports(1)
        self.secure = f"127.0.0.1:{port}"
        self.ca_file = directory / "ca.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca_file)
        key_file = directory / "broker.pem"
        key_file.write_bytes(_key_and_certificates(authority.issue_cert("127.0.0.1")))
        scram = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
        super().__init__(directory, format_options=("--add-scram", scram))
        self._extra = self._listening_twice(key_file)

    def grant(self, *grants: Grant) -> None:
        """Allow the user something; `revoke` forbids it again."""
        admin = self._admin()
        for answer in admin.create_acls([_binding(grant) for grant in grants]).values():
            answer.result(10)

    def revoke(self, grant: Grant) -> None:
        """Take one permission back."""
        admin = self._admin()
        for answer in admin.delete_acls([_binding(grant, AclBindingFilter)]).values():
            assert answer.result(10), "there was no such permission"

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def _listening_twice(self, key_file: Path) -> dict[str, str]:
        ours = self._properties()
        secure = f"SASL_SSL://{self.secure}"
        module = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        return {
            "listeners": f"{ours['listeners']},{secure}",
            "advertised.listeners": f"{ours['advertised.listeners']},{secure}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": module,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(key_file),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }


def _key_and_certificates(issued: trustme.LeafCert) -> bytes:
    """PEM as Kafka reads it: the private key has to be PKCS#8."""
    key = load_pem_private_key(issued.private_key_pem.bytes(), password=None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem + b"".join(certificate.bytes() for certificate in issued.cert_chain_pems)


def _binding(grant: Grant, kind: type[Binding] = AclBinding) -> Binding:
    pattern = ResourcePatternType.PREFIXED if grant.prefix else ResourcePatternType.LITERAL
    return kind(grant.kind, grant.name, pattern, f"User:{USER}", "*", grant.operation, AclPermissionType.ALLOW)

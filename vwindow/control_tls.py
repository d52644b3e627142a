"""Both ends of the control connection between hosts: TLS 1.3, each end with a certificate of one authority."""

import logging
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

log = logging.getLogger(__name__)

SERVER_NAME = "vwindow-server"
WORKER_NAME = "vwindow-worker"
"""The names in the certificates: what an end is, wherever it runs."""
WARN = timedelta(days=30)


class ControlTlsError(Exception):
    """A certificate, key or authority cannot be used; the message is for the person who starts it."""


@dataclass(frozen=True, slots=True)
class ControlFiles:
    """One end's certificate and key, and the authority of the other end's."""

    certificate: Path
    key: Path
    ca: Path

    def server_end(self, now: datetime) -> ssl.SSLContext:
        """Return the context of the server, which connects."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = True
        return self._filled(context, now)

    def worker_end(self, now: datetime) -> ssl.SSLContext:
        """Return the context of a worker, which listens."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.num_tickets = 0  # each connection shows its certificate anew
        return self._filled(context, now)

    def _filled(self, context: ssl.SSLContext, now: datetime) -> ssl.SSLContext:
        """Raises ControlTlsError."""
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        try:
            context.load_cert_chain(self.certificate, self.key)
            context.load_verify_locations(self.ca)
            ends = min(
                x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
                for path in (self.certificate, self.ca)
            )
        except (OSError, ValueError) as error:
            raise ControlTlsError(f"{self.certificate}, {self.key}, {self.ca}: {error}") from error
        if ends - now < WARN:
            log.warning("%s or its authority ends on %s: make new ones", self.certificate, f"{ends:%Y-%m-%d}")
        return context
